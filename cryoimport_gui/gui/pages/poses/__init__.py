"""The page of the poses: the verdict in a sentence, and the pictures and figures behind it.

Everything that is shown comes from one `PosesLook`, made in the page's thread (`page.py`); the views only draw it.
"""
