"""How figures look: tables and results in, axes and alternative text out."""
