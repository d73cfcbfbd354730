"""Prevalence: reported figures, what may be pooled of them, and official statistics by area."""
