"""Generated scenes: pictures on textured grounds whose places are known exactly."""
