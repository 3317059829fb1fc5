"""One sentence for each panel of the stage, from the numbers of the epoch that it shows."""
