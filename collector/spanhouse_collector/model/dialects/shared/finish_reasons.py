"""Why an answer ended: the reasons of providers by the one that stands for them."""

from __future__ import annotations

from typing import Final

FINISH_REASONS: Final[dict[str, str]] = {
    alias: reason
    for reason, aliases in {
        "stop": "stop end_turn stop_sequence completed finishreason.stop complete",
        "length": "length max_tokens max_output_tokens incomplete finishreason.length finishreason.max_tokens",
        "tool_call": "tool_calls tool_use tool-calls tool_call function_call finishreason.tool_calls",
        "content_filter": "content_filter content-filter safety recitation guardrail_intervened refusal "
        "finishreason.content_filter finishreason.safety",
        "error": "error failed cancelled",
    }.items()
    for alias in aliases.split()
}
