"""Workbooks and Word documents that people filled in: opened safely, and turned into rows."""
