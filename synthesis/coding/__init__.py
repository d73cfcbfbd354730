"""Coding of findings: the codebook, coders' work on screen and in sheets, their agreement, and how differences are settled."""
