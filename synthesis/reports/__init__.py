"""What is made from all stages for readers: derived and shown tables, figures, pages, sheets, the chain of evidence."""
