"""Who trains: the supervisor, and one worker process per run."""
