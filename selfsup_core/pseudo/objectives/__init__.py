"""Objectives of learning with pseudo-labels; they register with the other objectives."""
