"""The receivers: OTLP over gRPC and HTTP, and the one `export` behind both."""
