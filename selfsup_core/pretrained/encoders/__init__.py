"""Sentence encoders that are available on this machine."""
