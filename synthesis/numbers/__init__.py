"""Plain statistics that know numbers, not topics: intervals, agreement, control limits, slopes."""
