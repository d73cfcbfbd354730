"""Review packs for advisory groups, their answers, and what was done with them."""
