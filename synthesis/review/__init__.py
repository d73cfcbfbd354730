"""The review's own course: search and screening, included studies, appraisal."""
