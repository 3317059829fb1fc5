"""A run behind an address of this machine."""
