"""The data model: tables and their schema, reading, checking and writing them."""
