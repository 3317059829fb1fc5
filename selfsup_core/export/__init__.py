"""Files to export: writers only."""
