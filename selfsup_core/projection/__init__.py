"""Maps of codes: PCA, and the alignment of maps from epoch to epoch."""
