"""torch modules; importing anything here imports torch, so builders do it when they are called."""
