"""The data model: tables and their schema, read, checked, written and explained; with the words and tools that checks need."""
