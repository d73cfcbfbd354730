"""How figures look: axes and tables in, axes out."""
