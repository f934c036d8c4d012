"""Content of spans: chat messages, tool calls, documents, prompts and parameters out of every GenAI dialect.

Owns the reading of what SDKs wrote into attributes, events and log records, in the part schema of OpenTelemetry's
GenAI conventions. Leaves which key means what to `vocabulary`, columns to the database, and the tree of spans to
`trace_tree`.
"""

from spanhouse_collector.model.content.content import Content
from spanhouse_collector.model.content.read import read

__all__ = ["Content", "read"]
