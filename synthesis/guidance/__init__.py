"""The practice guides: their five modules as tables, the crosswalk to the synthesis, and the national programme."""
