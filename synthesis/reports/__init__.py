"""What is made from the stages for readers: derived tables, display tables, figures, pages, the chain behind each."""
