"""Networks that start from a pretrained model; they register with the other networks."""
