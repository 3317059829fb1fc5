"""Runs: spec, folder, frames, control, worker and supervisor. A run is a folder; everything else only looks
at it.
"""
