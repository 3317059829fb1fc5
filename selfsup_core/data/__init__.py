"""Files and built-in sources become a Dataset; splits; batches."""
