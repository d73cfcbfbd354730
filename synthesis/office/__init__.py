"""Workbooks, Word and OpenDocument files in and out: opened safely and turned into rows; parts for those that are written."""
