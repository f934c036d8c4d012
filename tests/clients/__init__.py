"""Records of real GenAI clients: what runs them, what answers them, and what is claimed of their spans."""
