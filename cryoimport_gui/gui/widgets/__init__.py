"""Widgets that two pages or windows use; what only one of them uses is in its folder.

In come a session, or plain values; out go signals, or changes of the session's parameters (`editors`).  No widget
knows a page.  All message boxes come from `messages`, all file dialogs from `gui/file_dialogs`.

A new kind of field goes into `editors`, made from the table of parameters like the others; a new choice needs its
words there, a new path its placeholder.
"""
