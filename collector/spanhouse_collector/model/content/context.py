"""What stands around the content: agent, prompt, metadata, level, error, reported usage.

Owns putting the vocabulary's single values together into the objects of the trace model.

Source: dialects.md sections 0, 1 (rule 8) and 2.3; semantic-conventions `error.type` and `exception.*`.
"""

from __future__ import annotations

import re
from typing import Any, Final

from spanhouse_collector.model.content.parse import is_empty, is_redacted, parsed, parsed_scalar
from spanhouse_collector.model.content.reader import SpanReader
from spanhouse_collector.model.targets import USAGE_DETAILS

METADATA_MAX: Final = 512
DEPTH_MAX: Final = 8
_CLASS: Final = re.compile(r"<class '([^']+)'>")
# Keys of the spelled-out metadata that are session, user, tags, prompt or usage of the span.
_NOT_METADATA: Final = frozenset(
    (
        "userid",
        "sessionid",
        "threadid",
        "conversationid",
        "tags",
        "langfuseprompt",
        "langfusesessionid",
        "langfuseuserid",
        "usageobject",
    )
)


def agent_of(reader: SpanReader) -> dict[str, str] | None:
    """The agent that the span belongs to."""
    name = str(reader.span.columns.get("agent_name") or "") or reader.first("agent_name")
    if not name and reader.span_type == "AGENT":  # CrewAI and VoltAgent name agents by their nodes
        name = reader.first("agent_node")
    found = {
        "id": reader.first("agent_id"),
        "name": name,
        "description": reader.first("agent_description"),
        "version": reader.first("agent_version"),
    }
    return _present(found)


def prompt_of(reader: SpanReader) -> dict[str, Any] | None:
    """The managed prompt or template that the request was made from."""
    found = {name: reader.first(f"prompt_{name}") for name in ("name", "version", "id", "template", "variables")}
    return _present(found)


def _present(found: dict[str, Any]) -> dict[str, Any] | None:
    kept = {name: value for name, value in found.items() if not is_empty(value)}
    return kept or None


def metadata_of(reader: SpanReader) -> dict[str, Any]:
    """All metadata of the span, nested keys joined with dots."""
    found: dict[str, Any] = {}
    for source in reader.rows("metadata"):
        if source.decoder == "keys":
            prefix = source.attribute.removesuffix(".*")
            for key, value in reader.suffixed(prefix).items():
                is_own = prefix.startswith(("langfuse.", "spanhouse."))
                if is_own or not _is_identity(key):
                    _flatten(found, key, parsed_scalar(value) if prefix.startswith("langfuse.") else parsed(value), 0)
        else:
            value = reader.parsed(source.attribute)
            for key, inner in value.items() if isinstance(value, dict) else [("metadata", value)]:
                _flatten(found, key, inner, 0)
    return found


def _is_identity(key: str) -> bool:
    return key.partition(".")[0].replace("_", "").lower() in _NOT_METADATA


def _flatten(found: dict[str, Any], key: str, value: Any, depth: int) -> None:
    if isinstance(value, dict) and value and depth < DEPTH_MAX:
        for name, inner in value.items():
            _flatten(found, f"{key}.{name}", inner, depth + 1)
    elif len(found) < METADATA_MAX and not is_empty(value) and not is_redacted(value):
        found.setdefault(key, value)


def tags_of(reader: SpanReader) -> dict[str, Any]:
    """Tags that have values."""
    found: dict[str, Any] = {}
    for source in reader.rows("tags_kv"):
        for key, value in reader.suffixed(source.attribute.removesuffix(".*")).items():
            found.setdefault(key, value)
    return found


def usage_details_of(reader: SpanReader) -> dict[str, int | None]:
    """Tokens of one modality, and those cached for longer than usual."""
    return {target.name: reader.first(target.name) for target in USAGE_DETAILS}


def usage_raw_of(reader: SpanReader) -> dict[str, Any]:
    """Everything that was said about usage, under the keys it was said with."""
    found: dict[str, Any] = {}
    for source in reader.rows("usage_raw"):
        if source.decoder == "keys":
            prefix = source.attribute.removesuffix(".*")
            found |= {f"{prefix}.{key}": value for key, value in reader.suffixed(prefix).items()}
        else:
            value = parsed(reader.value(source))
            if not is_empty(value):
                found[source.key] = value
    return {key: value for key, value in found.items() if not is_empty(value)}


# --- errors


def is_error(reader: SpanReader) -> bool:
    """Whether the span failed: as the database says, and by the same rule where it says nothing."""
    said = reader.span.columns.get("is_error")
    if said is not None:
        return bool(said)
    return (
        reader.span.status_code == "ERROR"
        or reader.first("error_type") is not None
        or any(event.name == "exception" for event in reader.span.events)
        or reader.first("success") is False
        or reader.raw("langfuse.observation.level") == "ERROR"
    )


def error_of(reader: SpanReader) -> dict[str, str | None] | None:
    """Type, message and stack of a failed span; the exception's own message beats the status's."""
    if not is_error(reader):
        return None
    kind = str(reader.span.columns.get("error_type") or "") or reader.first("error_type")
    matched = _CLASS.fullmatch(kind) if kind else None
    exception = next((event for event in reader.span.events if event.name == "exception"), None)
    thrown = exception.attributes.get("exception.message") if exception is not None else None
    message = (
        thrown if isinstance(thrown, str) and thrown else reader.span.status_message or reader.first("error_message")
    )
    return {
        "type": (matched[1] if matched else kind) or None,
        "message": message or None,
        "stack": reader.first("error_stack"),
    }


def status_of(reader: SpanReader) -> str:
    """OK, ERROR or UNSET, normalised."""
    if is_error(reader):
        return "ERROR"
    return "OK" if reader.span.status_code == "OK" else "UNSET"
