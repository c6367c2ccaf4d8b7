"""The window: pages that edit one set of parameters and show one plan."""

# The core before Qt: PySide looks into the source of every module that is imported after it, which takes time.
from .. import headless  # noqa: F401
