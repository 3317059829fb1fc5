"""Parts that several tasks are built from."""
