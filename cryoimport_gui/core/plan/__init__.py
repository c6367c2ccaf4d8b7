"""Everything checked and nothing written: `ImportParameters` → `ImportPlan`.

`planner.py` runs the stages and keeps those that a change does not touch; `plan.py` is the record that comes out.
The next stage: a method of `Planner` with the key that says when it must run again.
"""
