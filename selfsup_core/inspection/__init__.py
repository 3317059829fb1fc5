"""A run's network in the hand: tools that work on it at any kept epoch, and the process that serves them."""
