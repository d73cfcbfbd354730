"""One-page local briefs of an English authority, as web page, Word document and PDF."""
