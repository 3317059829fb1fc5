"""Random views of a batch, weak and strong, computed on the device from a generator."""
