"""The import itself: from a STAR file and its stacks to a job folder. Knows nothing of Qt."""
