"""Rows become numbers: batches, TF-IDF, tokens and embeddings."""
