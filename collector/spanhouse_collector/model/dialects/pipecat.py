"""Pipecat: turns of a conversation by voice."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, NamedSpan, keys

DIALECT: Final = Dialect(
    name="pipecat",
    source="pipecat-ai/pipecat `utils/tracing`",
    scopes=("pipecat",),
    framework="pipecat",
    spans=(
        NamedSpan("pipecat", "conversation", "WORKFLOW"),
        NamedSpan("pipecat", "turn", "TASK"),
        NamedSpan("pipecat", "llm", "LLM"),
        NamedSpan("pipecat", "stt", "SPEECH", "speech_to_text"),
        NamedSpan("pipecat", "tts", "SPEECH", "text_to_speech"),
    ),
    keys=(
        *keys("ttft_ns", "metrics.ttfb", tier=2),
        # VoltAgent's spans have these two as well.
        *keys("input", "input", tier=7),
        *keys("output", "output", tier=5),
    ),
)
