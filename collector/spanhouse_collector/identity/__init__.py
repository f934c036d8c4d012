"""Who sends a request: API keys, what they allow, and where a request carries one. Pure but for the file of keys."""
