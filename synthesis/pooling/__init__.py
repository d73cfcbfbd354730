"""Pooling of proportions: models, heterogeneity, and what lies beyond one number. Knows numbers, not topics."""
