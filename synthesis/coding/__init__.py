"""Coding of findings: the codebook, coders' work and their agreement."""
