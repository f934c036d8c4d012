"""Vercel AI SDK v6 with its experimental telemetry: the program of v5, with usage in every detail."""

from __future__ import annotations

from tests.clients.claims.vercel_ai_v5 import traces

TRACES = traces(details=True)
