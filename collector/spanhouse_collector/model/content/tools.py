"""Tools: what a request offers, and what a TOOL span called.

Owns every provider's form of a tool definition, and the reading of arguments, result, call id and success of a tool's
own span. Leaves calls inside messages to `parts`.

Source: openai-openapi (`ChatCompletionTool`), anthropic-sdk (`ToolParam`), googleapis (`Tool.function_declarations`),
botocore (`ToolSpec`), pydantic-ai (`ToolDefinition`), MCP specification (`CallToolResult.isError`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from spanhouse_collector.model.content import flattened
from spanhouse_collector.model.content.messages import is_message, message_of
from spanhouse_collector.model.content.parse import is_empty, is_redacted, parsed, parsed_scalar
from spanhouse_collector.model.content.parts import first_of, first_text
from spanhouse_collector.model.content.reader import SpanReader, member
from spanhouse_collector.model.content.requests import without_call
from spanhouse_collector.model.content.responses import without_wrapper
from spanhouse_collector.model.source import Source

DEFINITIONS_MAX: Final = 1024
_PARAMETERS: Final = (
    "parameters",
    "input_schema",
    "inputSchema",
    "parameters_json_schema",
    "parametersJsonSchema",
    "json_schema",
    "args_schema",
)
_DECLARATIONS: Final = ("function_declarations", "functionDeclarations")
_NAME: Final = re.compile(r"[\w.:/@ -]{1,128}")
_NAME_IN_REPR: Final = re.compile(r"name='([^']{1,128})'")
_FAILED: Final = ("error", "failed", "failure")
Definition = dict[str, Any]


def tool_definitions(reader: SpanReader) -> list[Definition]:
    """The tools that a request offers, each name once."""
    for source in reader.rows("tool_definitions"):
        made = definitions_of(_listed(reader, source))
        if made:
            return made
    return []


def _listed(reader: SpanReader, source: Source) -> Any:
    prefix = source.attribute.removesuffix(".N")
    if source.decoder == "openinference_tools":
        return flattened.openinference_tools(reader.spelled(prefix))
    if source.decoder == "openllmetry_functions":
        return flattened.openllmetry_functions(reader.spelled(prefix))
    value = reader.parsed(source.attribute) if source.key == source.attribute else reader.value(source)
    if isinstance(value, str) and "," in value and " " not in value.strip():
        return value.split(",")
    return value


def definitions_of(value: Any) -> list[Definition]:
    """Definitions from a list of them, an object of them by name, or their names."""
    found = parsed(value)
    if isinstance(found, str):
        found = [found]
    if isinstance(found, dict):
        named = all(isinstance(each, dict) for each in found.values()) and not first_text(found, ("name", "type"))
        found = [{"name": name, **each} for name, each in found.items()] if named else [found]
    if not isinstance(found, list):
        return []
    made: dict[str, Definition] = {}
    for each in found[:DEFINITIONS_MAX]:
        for definition in _definitions(parsed(each)):
            made.setdefault(definition["name"], definition)
    return list(made.values())


def _definitions(value: Any) -> list[Definition]:
    if isinstance(value, str):
        printed = _NAME_IN_REPR.match(value)
        value = printed[1] if printed is not None else value
        return [{"type": "function", "name": value}] if _NAME.fullmatch(value) and not is_redacted(value) else []
    if not isinstance(value, dict):
        return []
    declared = first_of(value, _DECLARATIONS)
    if isinstance(declared, list):
        return [definition for each in declared for definition in _definitions(each)]
    for key in ("function", "toolSpec", "tool_spec", "data"):
        inner = value.get(key)
        if isinstance(inner, dict) and first_text(inner, ("name",)):
            return _definitions({"type": value.get("type"), **inner})
    name = first_text(value, ("name", "toolName", "tool_name", "id", "type"))
    if name is None:
        return []
    kind = value.get("type")
    made: Definition = {"type": kind if isinstance(kind, str) and kind else "function", "name": name}
    description = value.get("description")
    if isinstance(description, str) and description:
        made["description"] = description
    parameters = parsed(first_of(value, _PARAMETERS))
    if isinstance(parameters, dict):
        inner = parameters.get("json")
        made["parameters"] = inner if isinstance(inner, dict) and len(parameters) == 1 else parameters
    return [made]


# --- a tool's own span


def tool_of(reader: SpanReader) -> dict[str, Any] | None:
    """What a TOOL span called; None for spans of other types."""
    if reader.span_type != "TOOL":
        return None
    span = reader.span
    arguments = _first_value(reader, "tool_arguments", _arguments)
    result = _first_value(reader, "tool_result", _result)
    return {
        "name": str(span.columns.get("tool_name") or "") or reader.first("tool_name") or span.name,
        "call_id": reader.first("tool_call_id") or _call_id_in(reader),
        "type": reader.first("tool_type"),
        "description": reader.first("tool_description"),
        "arguments": arguments,
        "result": result,
        "is_error": _is_error(reader, result),
    }


def _first_value(reader: SpanReader, target: str, unwrap: Any) -> Any:
    for source in reader.rows(target):
        value = reader.value(source)
        if is_empty(value) or is_redacted(value) or value == "N/A":
            continue
        found = unwrap(without_call(parsed_scalar(value)))
        if source.dialect == "google-adk" and found == {}:  # what ADK writes when it may not capture content
            continue
        if found is not None:
            return found
    return None


def _arguments(value: Any) -> Any:
    """The arguments of a call: in a message's part, under LangChain's `input`, or as they are."""
    part = _part_in(value, "tool_call")
    if part is not None:
        return part.get("arguments")
    if isinstance(value, dict):
        if set(value) == {"input"}:
            return parsed_scalar(value["input"])
        if {"callId", "args"} <= set(value):
            return value["args"]
        if "toolRequest" in value and len(value) == 1:
            return member(value, "toolRequest.input")
    return value


def _result(value: Any) -> Any:
    """The result of a call: in a message's part, in Gemini CLI's completed call, or as it is."""
    value = without_wrapper(value)
    part = _part_in(value, "tool_call_response")
    if part is not None:
        return part.get("response")
    if isinstance(value, dict) and "raw_output" in value and "tool_name" in value:  # LlamaIndex
        return value["raw_output"]
    if isinstance(value, dict) and isinstance(value.get("response"), dict) and "request" in value:
        response = member(value, "response.responseParts.0.functionResponse.response")
        return response if response is not None else value["response"].get("resultDisplay")
    return value


def _part_in(value: Any, kind: str) -> Mapping[str, Any] | None:
    """The only part of this kind, if the value is a message or a list of one."""
    candidate = value
    if isinstance(value, dict):  # Haystack's ToolInvoker is given and gives messages
        candidate = first_of(value, ("tool_messages", "messages")) or value
    if isinstance(candidate, list) and candidate:
        candidate = candidate[-1] if isinstance(value, dict) or len(candidate) == 1 else value
    if isinstance(candidate, dict) and is_message(candidate):
        made = message_of(candidate, "tool" if kind == "tool_call_response" else "assistant")
        return next((part for part in made["parts"] if part["type"] == kind), None)
    return None


def _call_id_in(reader: SpanReader) -> str | None:
    """The call id in a result that is a message (LangChain), or in a part of one."""
    for source in reader.rows("tool_result"):
        part = _part_in(without_wrapper(parsed(reader.value(source))), "tool_call_response")
        if part is not None and isinstance(part.get("id"), str):
            return str(part["id"])
    return None


def _is_error(reader: SpanReader, result: Any) -> bool:
    said = reader.first("tool_is_error")
    if said is not None:
        return bool(said)
    status = reader.first("tool_status")
    if status is not None and status.lower() in _FAILED:
        return True
    if isinstance(result, dict) and result.get("isError") is True:
        return True
    return bool(reader.span.columns.get("is_error")) or reader.span.status_code == "ERROR"
