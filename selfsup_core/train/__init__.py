"""The training loop, device choice and checkpoints."""
