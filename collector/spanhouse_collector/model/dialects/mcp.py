"""The Model Context Protocol's spans in OpenTelemetry's conventions."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, keys, types

DIALECT: Final = Dialect(
    name="mcp",
    source="open-telemetry/semantic-conventions-genai `docs/gen-ai`, the Model Context Protocol's spans",
    key_prefixes=("mcp",),
    span_types={
        "mcp": types(
            TOOL="tools/call",
            PROMPT="prompts/get",
            RETRIEVER="resources/read",
            CHAIN="initialize tools/list prompts/list resources/list resources/templates/list "
            "resources/subscribe completion/complete sampling/createmessage ping",
        ),
    },
    keys=(*keys("span_type", "mcp.method.name", decoder="mcp", tier=7),),
)
