"""The window that repairs the stack links of a job folder.

In come two paths that the user chooses; out go new links, which the core puts in place all at once.
"""
