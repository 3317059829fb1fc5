"""A person's own data sets: upload, import, health checks, fixes."""
