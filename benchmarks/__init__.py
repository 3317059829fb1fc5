"""Measured claims. `python -m benchmarks [NAME …]` prints a table of ratios taken side by side in one run;
these are not tests.
"""
