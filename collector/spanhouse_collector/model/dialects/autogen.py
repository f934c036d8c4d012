"""Microsoft's AutoGen, which writes OpenTelemetry's keys under a scope and span names of its own."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, NamedSpan

DIALECT: Final = Dialect(
    name="autogen",
    source="microsoft/autogen `telemetry/_genai.py`",
    scopes=("autogen-core",),
    framework="autogen",
    spans=(NamedSpan("autogen-core", "autogen *", "CHAIN"),),
)
