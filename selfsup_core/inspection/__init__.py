"""Tools that examine a run's network at any kept epoch, and the process that serves them."""
