"""Trackers that people already have: each is one file, whose package is optional."""

from __future__ import annotations

from selfsup_core.runs.trackers.registry import TRACKERS, TrackedRun, Tracker

__all__ = ["TRACKERS", "TrackedRun", "Tracker"]
