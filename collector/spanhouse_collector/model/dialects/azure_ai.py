"""Azure's AI SDKs; agents answer in events of the assistant's messages."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, Dialect, keys

DIALECT: Final = Dialect(
    name="azure-ai",
    source="Azure SDK documentation of tracing",
    scopes=("azure.ai",),
    keys=(
        *keys("session_id", "gen_ai.thread.id", tier=5),
        *keys(
            "output_messages",
            "event:gen_ai.assistant.message#gen_ai.event.content",
            decoder="message_events",
            tier=2,
            use=READ,
        ),
        *keys("output_pieces", "event:gen_ai.assistant.message#gen_ai.event.content"),
    ),
)
