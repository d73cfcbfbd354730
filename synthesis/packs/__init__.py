"""Review packs for advisory groups, the answers that come back, what was done with them, and how that is reported."""
