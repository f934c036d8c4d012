"""Bar 8: what tracing costs the thread that calls, beside the bare SDK and other shims."""
