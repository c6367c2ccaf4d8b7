"""The pages of the wizard, each in its own file or folder, with the widgets that only it uses.

In comes the session with its plan (`Page.show_plan`); out go changes of its parameters (`Session.change`) and wishes to
see another page (`Page.wanted`).  Pages do not know each other.

A new page is a `Page` (`page.py`) that says which problem codes are its own; `wizard.PAGES` gives the order.
"""
