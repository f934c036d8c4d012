"""OTLP as pure functions, bytes in and bytes out: no socket, no clock, no environment."""
