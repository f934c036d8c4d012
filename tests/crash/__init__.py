"""Crash tests: a real collector, killed and starved; whatever it acknowledged must be stored exactly once."""
