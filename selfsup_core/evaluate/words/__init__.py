"""What the numbers of a run mean, in words: verdicts and signs of trouble."""
