"""How good it is: reconstruction error, neighbors of the code, and the baselines beside them."""
