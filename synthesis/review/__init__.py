"""The review's own course: search and screening, included studies, appraisal, and how far the rows are confirmed."""
