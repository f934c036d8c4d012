"""litellm: a completion, one that streams, one that is awaited; and the openai client below it is not told twice."""

from __future__ import annotations

import asyncio

import litellm
from common import PROVIDER, QUESTION, claim, of_kind, traced

import spanhouse

ASKED = {
    "model": "openai/gpt-4o-mini",
    "messages": [{"role": "user", "content": QUESTION}],
    "api_base": PROVIDER + "/v1",
    "api_key": "x",
}

spanhouse.autolog("openai")
with traced("litellm") as captured:
    litellm.completion(**ASKED)
    for _ in litellm.completion(**ASKED, stream=True, stream_options={"include_usage": True}):
        pass
    asyncio.run(litellm.acompletion(**ASKED))
calls = of_kind(captured, "LLM")
claim(len(calls) == 3, f"three calls, {len(calls)} spans")
claim(all(call.attributes.get("llm.token_count.total") for call in calls), "a call without tokens")
