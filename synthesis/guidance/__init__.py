"""The practice guides: their modules as tables, the crosswalk to the synthesis, and what a local area can do."""
