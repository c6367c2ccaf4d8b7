"""Everything checked and nothing written: `ImportParameters` → `ImportPlan`.

In: `ImportParameters`.  Out: `ImportPlan` (`plan.py`), with every problem.  `planner.py` runs the stages and keeps
those that a change does not touch.
The next stage: a method of `Planner` with the key that says when it must run again.
"""
