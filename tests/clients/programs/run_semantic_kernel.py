"""Semantic Kernel: a chat with automatic function calls, streaming, an agent, an error."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os

from common import (
    ASK_HAIKU,
    ASK_PARIS,
    ASK_REFUSED,
    ASK_WEATHER,
    get_weather,
    set_up,
    set_up_logs,
)
from opentelemetry.sdk._logs import LoggingHandler
from semantic_kernel import Kernel
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion, OpenAIChatPromptExecutionSettings
from semantic_kernel.contents import ChatHistory
from semantic_kernel.exceptions import ServiceException
from semantic_kernel.functions import kernel_function

provider, logs = set_up(), set_up_logs()
handler = LoggingHandler(logger_provider=logs)
handler.addFilter(logging.Filter("semantic_kernel"))
logging.getLogger().addHandler(handler)
logging.getLogger().setLevel(logging.INFO)


class Weather:
    """The plugin with the tool."""

    @kernel_function(name="get_weather", description="Get the weather of a city.")
    def get_weather(self, city: str) -> str:
        """Get the weather of a city."""
        return get_weather(city)


service = OpenAIChatCompletion(ai_model_id="gpt-4o-mini", api_key=os.environ["OPENAI_API_KEY"])
kernel = Kernel()
kernel.add_service(service)
kernel.add_plugin(Weather(), "tools")


def history(text: str) -> ChatHistory:
    """A conversation with one question."""
    chat = ChatHistory(system_message="You help travellers.")
    chat.add_user_message(text)
    return chat


async def main() -> None:
    """Run the scenarios."""
    settings = OpenAIChatPromptExecutionSettings(function_choice_behavior=FunctionChoiceBehavior.Auto())
    await service.get_chat_message_content(history(ASK_WEATHER), settings, kernel=kernel)

    plain = OpenAIChatPromptExecutionSettings(max_tokens=200, temperature=0.5)
    async for _ in service.get_streaming_chat_message_content(history(ASK_HAIKU), plain, kernel=kernel):
        pass

    agent = ChatCompletionAgent(service=service, name="paris_agent", instructions="You are terse.")
    await agent.get_response(messages=ASK_PARIS)

    with contextlib.suppress(ServiceException):
        await service.get_chat_message_content(history(ASK_REFUSED), plain, kernel=kernel)


asyncio.run(main())
provider.shutdown()
logs.shutdown()
