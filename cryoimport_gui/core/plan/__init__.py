"""Everything checked and nothing written: `ImportParameters` → `ImportPlan`.

In: `ImportParameters`.  Out: `ImportPlan` (`plan.py`), with every problem.  `planner.py` runs the stages and keeps
those that a change does not touch.
The next stage that looks at files: a method of `Planner` with the key that says when it must run again; the next check
of what is known by then: `_settle`.
"""
