"""SQL of people: what may run, how it is made safe, and running it within limits (decision 010)."""
