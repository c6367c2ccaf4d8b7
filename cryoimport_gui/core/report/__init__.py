"""A plan in words: `import.json`, the summary, the HTML page, the command that repeats the import.

In: `ImportPlan`.  Out: text and JSON.  The next entry of the report: `report.py`.
"""
