"""mcp: a client and a server in two processes; what the server's tool does is in the client's trace."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap

from common import claim, traced
from mcp import ClientSession, StdioServerParameters
from mcp.client import stdio

import spanhouse

SERVER = textwrap.dedent("""
    import spanhouse
    from mcp.server.mcpserver import MCPServer
    from spanhouse.testing import capture

    spanhouse.mcp.autolog()
    server = MCPServer("weather")

    @server.tool()
    def get_weather(city: str) -> str:
        "The weather of a city."
        with capture() as captured, spanhouse.start_span("in the server", span_type="TOOL"):
            pass
        span = captured.find("in the server")
        return f"{span.trace_id} {span.parent_id} {span.attributes.get('session.id')}"

    server.run("stdio")
""")


async def ask() -> tuple[str, ...]:
    """The trace of the client's span; then trace, parent and session of the server's."""
    parameters = StdioServerParameters(command=sys.executable, args=["-c", SERVER], env={**os.environ})
    async with stdio.stdio_client(parameters) as streams, ClientSession(*streams) as session:
        await session.initialize()
        with spanhouse.start_span("call a tool") as span:
            result = await session.call_tool("get_weather", {"city": "Paris"})
        print(result.content[0].text)
        return span.trace_id, *result.content[0].text.split()


with traced("mcp") as captured:
    here, there, parent, session = asyncio.run(ask())
claim(here == there, "the server's span is in another trace")
claim(parent != "None" and parent not in {span.span_id for span in captured.spans}, "nothing of the server is above it")
claim(session == "s", "the session did not reach the server")
