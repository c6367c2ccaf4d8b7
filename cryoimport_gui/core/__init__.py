"""The import itself: from files of particles to a job folder.  Knows nothing of Qt.

The files here are the ground that every room uses: what the user chose (`parameters`, `conditions`), what a file holds
(`particles`, `names`), what is wrong with it (`problems`), and tools: `arrays`, `atomic` (files that are written whole
or not at all), `file_state` (has a file changed?), `layout` (names in a job folder), `mirror`, `parallel` (threads for
slow file systems), `progress` (and cancel).

The rooms, in the order in which data flow.  Each imports itself and the rooms to its left, but not a room that it is
joined with by |:

    reading | stacks | dataset → pictures → exposures → optics → plan → looks | demo → report → job

A new parameter: `parameters.py`.  A new problem: `problems.py`, what a button does about it: `gui/remedies.py`, and a
case that provokes it: `tests/support/problem_cases.py`.
"""
