"""Plain statistics that know numbers, not topics."""
