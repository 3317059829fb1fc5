"""Modes of the page Scenarios, one file each."""
