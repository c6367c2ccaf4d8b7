"""A plan in words: the five claims, `import.json`, the summary, the HTML page, the command that repeats the import.

In: `ImportPlan`, and where it was written.  Out: text and JSON.  The next entry of the report: `report.py`.
The next picture or plot that proves a claim: `evidence.py`.
The claim that the next problem code speaks for: `claim_codes.py`.
"""
