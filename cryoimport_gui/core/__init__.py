"""The import itself: from files of particles to a job folder.  Knows nothing of Qt.

The files here are the ground that every room stands on: parameters, particles, problems, progress, names.  The rooms,
in the order in which data flow; each imports itself and what stands before it:

    reading | stacks | dataset → pictures → exposures → optics → plan → looks | demo → report → job

A new parameter: `parameters.py`.  A new problem: `problems.py`.
"""
