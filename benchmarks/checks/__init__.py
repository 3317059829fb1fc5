"""Checks of `python -m benchmarks gpu`: one function each, made in a child process."""
