"""Microsoft's Agent Framework: an agent with a tool, two turns, streaming, embeddings, a workflow, an error."""

from __future__ import annotations

import asyncio
import contextlib

from agent_framework import Agent, WorkflowBuilder
from agent_framework.exceptions import AgentFrameworkException
from agent_framework.observability import enable_instrumentation
from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient, OpenAIEmbeddingClient
from common import (
    ASK_AMARA,
    ASK_HAIKU,
    ASK_NAME,
    ASK_PARIS,
    ASK_REFUSED,
    ASK_RETENTION,
    ASK_WEATHER,
    get_weather,
    set_up,
    set_up_logs,
)

provider, logs = set_up(), set_up_logs()
enable_instrumentation(enable_sensitive_data=True)
responses = OpenAIChatClient("gpt-4o-mini")
completions = OpenAIChatCompletionClient("gpt-4o-mini")


def agent(name: str, client: object = responses) -> Agent:
    """An agent with the weather tool."""
    return Agent(client, "You help travellers.", name=name, tools=[get_weather])


async def main() -> None:
    """Run the scenarios."""
    await agent("weather_agent").run(ASK_WEATHER)
    await agent("completions_agent", completions).run(ASK_WEATHER)

    talker = agent("talk_agent", completions)
    session = talker.create_session()
    await talker.run(ASK_AMARA, session=session)
    await talker.run(ASK_NAME, session=session)

    async for _ in agent("poet_agent").run(ASK_HAIKU, stream=True):
        pass

    await OpenAIEmbeddingClient(model="text-embedding-3-small").get_embeddings([ASK_RETENTION])

    workflow = WorkflowBuilder(start_executor=agent("first_agent"), name="one_step").build()
    await workflow.run(ASK_PARIS)

    with contextlib.suppress(AgentFrameworkException):
        await agent("broken_agent").run(ASK_REFUSED)


asyncio.run(main())
provider.shutdown()
logs.shutdown()
