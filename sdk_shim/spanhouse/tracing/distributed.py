"""MLflow's `mlflow.tracing.distributed`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.propagation import (
    get_tracing_context_headers_for_http_request,
    set_tracing_context_from_http_request_headers,
)

__all__ = ["get_tracing_context_headers_for_http_request", "set_tracing_context_from_http_request_headers"]
