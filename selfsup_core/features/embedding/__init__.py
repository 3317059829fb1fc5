"""Texts become embeddings: settings, a job that can be paused, and the files that are kept."""
