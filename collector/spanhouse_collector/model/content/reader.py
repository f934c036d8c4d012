"""Looking up the vocabulary's keys in one span.

Owns finding which rows of the vocabulary a span can answer (one pass over its attributes, so the cost grows with the
span and not with the vocabulary), and the value under a key: in attributes, events, log records or the resource, or a
member of the JSON there. Each value is parsed at most once. Leaves what a value means to the decoders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spanhouse_collector.model.content import scalars
from spanhouse_collector.model.content.flattened import Tree, tree_of
from spanhouse_collector.model.content.parse import is_empty, parsed, plain
from spanhouse_collector.model.source import ANY_SUFFIX, EVENT, LOG, NUMBERED, RESOURCE, Source
from spanhouse_collector.model.span import Attributes, SpanLog, StoredSpan
from spanhouse_collector.model.vocabulary import SHOWN_SOURCES

_Row = tuple[int, Source]


def _index() -> tuple[dict[str, list[tuple[str, int, Source]]], dict[str, list[_Row]], tuple[str, ...]]:
    """Attribute → rows; target → rows that stand elsewhere than in attributes; prefixes of spelled-out keys."""
    by_attribute: dict[str, list[tuple[str, int, Source]]] = {}
    elsewhere: dict[str, list[_Row]] = {}
    prefixes: set[str] = set()
    for target, sources in SHOWN_SOURCES.items():
        for position, source in enumerate(sources):
            if source.key.startswith((EVENT, LOG, RESOURCE)):
                elsewhere.setdefault(target, []).append((position, source))
                continue
            by_attribute.setdefault(source.attribute, []).append((target, position, source))
            if source.attribute.endswith((NUMBERED, ANY_SUFFIX)):
                prefixes.add(source.attribute[:-1])
    return by_attribute, elsewhere, tuple(sorted(prefixes))


_BY_ATTRIBUTE, _ELSEWHERE, _PREFIXES = _index()


class SpanReader:
    """One span, asked by the vocabulary."""

    def __init__(self, span: StoredSpan) -> None:
        self.span = span = _plain(span)
        self.span_type = str(span.columns.get("span_type") or "")
        self._parsed: dict[str, Any] = {}
        self._spelled: dict[str, list[tuple[str, Any]]] = {}
        self._trees: dict[str, Tree] = {}
        self._rows: dict[str, list[_Row]] = {}
        for key, value in span.attributes.items():
            if key.startswith(_PREFIXES):
                self._spell(key, value)
            rows = _BY_ATTRIBUTE.get(key)
            if rows is not None and not is_empty(value):
                self._add(rows)
        for prefix in self._spelled:
            self._add(_BY_ATTRIBUTE.get(prefix + "N", ()))
            self._add(_BY_ATTRIBUTE.get(prefix + "*", ()))
        self.logs = _logs_by_name(span)

    def _spell(self, key: str, value: Any) -> None:
        for prefix in _PREFIXES:
            if key.startswith(prefix):
                self._spelled.setdefault(prefix, []).append((key[len(prefix) :], value))

    def _add(self, rows: Any) -> None:
        for target, position, source in rows:
            self._rows.setdefault(target, []).append((position, source))

    def rows(self, target: str) -> list[Source]:
        """The rows of a target that this span may answer, best first."""
        found = self._rows.get(target, [])
        if self.span.events or self.span.logs or self.span.resource_attributes:
            found = [*found, *_ELSEWHERE.get(target, ())]
        return [source for _, source in sorted(found, key=lambda row: row[0])]

    def raw(self, key: str) -> Any:
        """The value of an attribute, as it was sent."""
        return self.span.attributes.get(key)

    def parsed(self, key: str) -> Any:
        """The value of an attribute, with its structure."""
        if key not in self._parsed:
            self._parsed[key] = parsed(self.span.attributes.get(key))
        return self._parsed[key]

    def spelled(self, prefix: str) -> Tree:
        """The tree of the attributes that begin with `prefix` and a dot."""
        dotted = prefix + "."
        if dotted not in self._trees:
            self._trees[dotted] = tree_of(self._spelled.get(dotted, ()))
        return self._trees[dotted]

    def suffixed(self, prefix: str) -> dict[str, Any]:
        """The attributes that begin with `prefix` and a dot, by the rest of their keys."""
        found: dict[str, Any] = {}
        for key, value in self._spelled.get(prefix + ".", ()):
            found.setdefault(key, value)
        return found

    def value(self, source: Source) -> Any:
        """The value that a row points at, None if it is not there."""
        attribute, path = source.attribute, source.member
        if not source.key.startswith(attribute):
            return self._placed_value(source)
        if attribute.endswith(ANY_SUFFIX):
            return self.suffixed(attribute.removesuffix(ANY_SUFFIX))
        return member(self.parsed(attribute), path) if path else self.raw(attribute)

    def _placed_value(self, source: Source) -> Any:
        """The value in an event, a log record or the resource."""
        if source.key.startswith(EVENT):
            return self._event_value(source)
        if source.key.startswith(LOG):
            return self._log_value(source)
        return self.span.resource_attributes.get(source.attribute)

    def first(self, target: str) -> Any:
        """The best value of a target through its row's decoder, None if no row has one."""
        for source in self.rows(target):
            decoded = scalars.DECODERS[source.decoder](self.value(source))
            if decoded is not None:
                return decoded
        return None

    def _event_value(self, source: Source) -> Any:
        for event in self.span.events:
            if event.name == source.attribute and not is_empty(event.attributes.get(source.member)):
                return event.attributes[source.member]
        return None

    def _log_value(self, source: Source) -> Any:
        for log in self.logs.get(source.attribute, ()):
            found = log.attributes.get(source.member)
            found = member(parsed(log.body), source.member) if is_empty(found) else found
            if not is_empty(found):
                return found
        return None


def _plain(span: StoredSpan) -> StoredSpan:
    """The span with structured values that JSON can say: bytes inside them are text."""
    attributes = _plain_values(span.attributes)
    if attributes is span.attributes and not span.events and not span.logs:
        return span
    return replace(
        span,
        attributes=attributes,
        events=tuple(replace(event, attributes=_plain_values(event.attributes)) for event in span.events),
        logs=tuple(
            replace(log, attributes=_plain_values(log.attributes), body=_plain_value(log.body)) for log in span.logs
        ),
    )


def _plain_values(attributes: Attributes) -> Attributes:
    if any(isinstance(value, (dict, list, bytes)) for value in attributes.values()):
        return {key: _plain_value(value) for key, value in attributes.items()}
    return attributes


def _plain_value(value: Any) -> Any:
    return plain(value) if isinstance(value, (dict, list, bytes)) else value


def member(value: Any, path: str) -> Any:
    """The member of a structure at a dotted path; a number is a place in a list."""
    for name in path.split("."):
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
        if isinstance(value, str) and value[:1] in ("{", "["):
            value = parsed(value)
    return value


def event_name(log: SpanLog) -> str:
    """The name of a log record's event, wherever it stands."""
    for name in (log.event_name, log.attributes.get("event.name")):
        if isinstance(name, str) and name:
            return name
    body: Any = log.body
    if isinstance(body, Mapping):
        name = body.get("event.name")
        return name if isinstance(name, str) else ""
    return body if isinstance(body, str) and len(body) < 100 and " " not in body else ""


def _logs_by_name(span: StoredSpan) -> dict[str, list[SpanLog]]:
    """The span's records in the order of time."""
    found: dict[str, list[SpanLog]] = {}
    for log in sorted(span.logs, key=lambda log: log.time_unix_nano):
        found.setdefault(event_name(log), []).append(log)
    return found
