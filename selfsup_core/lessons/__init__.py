"""Lessons: what a file says, what its tasks ask of a person's own runs, and how far that person has come."""
