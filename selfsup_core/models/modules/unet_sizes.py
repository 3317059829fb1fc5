"""Sizes of the U-Net that its settings and its modules share; torch is not needed for them."""

TIMES, EMBEDDING = 64, 128  # numbers that tell the time, and of what time and class become together
