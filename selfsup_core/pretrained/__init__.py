"""Models that somebody else trained: folders, the Hugging Face Hub, encoders, and remote endpoints."""
