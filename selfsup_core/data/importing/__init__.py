"""Uploaded files → Dataset: inspect (what is it?), then build. Runs in a limited child process
(`child.py`).
"""
