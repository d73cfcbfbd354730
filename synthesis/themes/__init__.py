"""Thematic synthesis: support for themes, their stability, and confidence in review findings."""
