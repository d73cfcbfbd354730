"""Prevalence: reported estimates, ratios and their certainty, what may be pooled of them, and official statistics by area."""
