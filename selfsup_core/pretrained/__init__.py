"""Models that someone else trained: folders, the Hugging Face Hub, encoders, and remote endpoints."""
