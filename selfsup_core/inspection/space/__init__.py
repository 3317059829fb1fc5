"""Spaces of vectors that can be looked at: a data set, its embeddings, or what a run's network makes of it at
an epoch.
"""
