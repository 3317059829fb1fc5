"""Questions, one file for those that belong together; each file of this folder registers its own."""
