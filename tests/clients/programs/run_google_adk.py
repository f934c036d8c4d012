"""Google's Agent Development Kit, its model through LiteLLM: an agent with a tool, two turns, streaming, an error."""

from __future__ import annotations

import asyncio
import contextlib

import litellm
from common import ASK_AMARA, ASK_HAIKU, ASK_NAME, ASK_REFUSED, ASK_WEATHER, get_weather, set_up, set_up_logs
from google.adk.agents import LlmAgent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import InMemoryRunner
from google.genai import types

provider, logs = set_up(), set_up_logs()


def runner(name: str) -> InMemoryRunner:
    """An agent with the weather tool and what runs it."""
    model = LiteLlm(model="openai/gpt-4o-mini")
    agent = LlmAgent(
        model=model, name=name, description="Knows cities.", instruction="You help travellers.", tools=[get_weather]
    )
    return InMemoryRunner(agent=agent, app_name="clients")


async def ask(runs: InMemoryRunner, session: str, *questions: str, mode: StreamingMode = StreamingMode.NONE) -> None:
    """Ask *questions* in one session."""
    await runs.session_service.create_session(app_name="clients", user_id="u-141", session_id=session)
    for question in questions:
        content = types.Content(role="user", parts=[types.Part(text=question)])
        config = RunConfig(streaming_mode=mode)
        async for _ in runs.run_async(user_id="u-141", session_id=session, new_message=content, run_config=config):
            pass


async def main() -> None:
    """Run the scenarios."""
    await ask(runner("weather_agent"), "sess-ga-1", ASK_WEATHER)
    await ask(runner("talk_agent"), "sess-ga-2", ASK_AMARA, ASK_NAME)
    await ask(runner("poet_agent"), "sess-ga-3", ASK_HAIKU, mode=StreamingMode.SSE)
    with contextlib.suppress(litellm.BadRequestError):
        await ask(runner("broken_agent"), "sess-ga-4", ASK_REFUSED)


asyncio.run(main())
provider.shutdown()
logs.shutdown()
