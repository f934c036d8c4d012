"""The HTTP API beside OTLP: health, metrics, the quarantine."""
