"""The window: pages that edit one set of parameters and show one plan.

In comes `ImportParameters` (`app.run_window`); out goes a job folder, which the core writes.  Between them lies the
`Session`: pages change its parameters, and it says when a plan is ready (`Session.planned`).  Everything that takes
time runs in a thread of `tasks`, which says what a thread may do.

A new page goes into `pages`, a widget that two pages use into `widgets`, the remedy of a new problem into `remedies`;
a new parameter gets its field on the page that it belongs to, mostly from `widgets/editors`.  Tool tips of parameters
are their `help` in `core/parameters`; other tips stand where the widget is made.
"""

# The core before Qt: PySide looks into the source of every module that is imported after it, which takes time.
from .. import headless  # noqa: F401
