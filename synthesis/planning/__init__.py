"""The planning tool: an area's own plan, out as a sheet or a form, back again, compared, with next steps from the evidence."""
