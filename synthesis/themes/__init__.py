"""Thematic synthesis: support for themes, who says what, their stability, and confidence in review findings."""
