"""The vocabulary as tables of the database, which the generated SQL looks keys and values up in.

Owns what stands in them and their names; leaves creating them to storage. They are tables and not literals of the view
because the view's text is analysed anew on every insert: hundreds of keys in it cost more than the insert. A table's
name ends in a checksum of its content, so that a view never meets another vocabulary than its own (decision 012).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Final

from spanhouse_collector.model import vocabulary
from spanhouse_collector.model.dialects.shared import finish_reasons, operations, placeholders, providers, span_types
from spanhouse_collector.model.source import INDEX
from spanhouse_collector.model.span_sql.keys import BRANCH, plan
from spanhouse_collector.model.targets import SPAN_TYPE

KEYS_PREFIX: Final = "vocabulary_keys_"
VALUES_PREFIX: Final = "vocabulary_values_"


@cache
def keys() -> dict[str, int]:
    """Every key that is looked up, with its order and flags (`keys.Plan`)."""
    numbering = plan()
    first_segments = dict.fromkeys((pattern.partition(INDEX)[0] for pattern in numbering.indexed), BRANCH)
    events = dict.fromkeys((key.partition("#")[0] for key in numbering.events), BRANCH)
    branches = dict.fromkeys(numbering.branches, BRANCH)
    found = {**first_segments, **events, **branches}
    for orders in (numbering.attributes, numbering.indexed, numbering.events, numbering.members):
        for key, order in orders.items():
            found[key] = found.get(key, 0) | order
    return found


@cache
def texts() -> dict[str, str]:
    """Every text that stands for another one, under `list:text`."""
    named = {f"{span.scope}|{span.name}": span for span in vocabulary.NAMED_SPANS}
    lists: dict[str, Mapping[str, str]] = {
        **{f"type {group}": table for group, table in vocabulary.SPAN_TYPES_OF.items()},
        "span name": {key: span.span_type for key, span in named.items()},
        "name operation": {key: span.operation for key, span in named.items() if span.operation},
        "operation": operations.OPERATIONS,
        "provider": providers.PROVIDERS,
        "canonical": dict.fromkeys(providers.PROVIDERS.values(), "1"),
        "head": {**providers.PROVIDERS, **{name: name for name in providers.DOTTED_PROVIDERS}},
        "framework": {name: name for name in providers.FRAMEWORKS},
        "agent service": providers.AGENT_SERVICES,
        "dialect framework": vocabulary.FRAMEWORK_OF_DIALECT,
        "finish": finish_reasons.FINISH_REASONS,
        "scope": vocabulary.SCOPES,
        "whole scope": vocabulary.WHOLE_SCOPES,
        "dialect": {str(order): dialect for order, dialect in plan().dialects.items()},
        "group": {str(rank): source.decoder for rank, source in enumerate(vocabulary.written(SPAN_TYPE))},
        "host": dict(providers.PROVIDER_HOSTS),
        "vector": dict.fromkeys(span_types.VECTOR_DATABASES, "1"),
        "placeholder": dict.fromkeys(placeholders.PLACEHOLDERS, "1"),
        "no content": dict.fromkeys(placeholders.NO_CONTENT, "1"),
    }
    return {f"{name}:{key}": text for name, table in lists.items() for key, text in table.items() if key}


def _checksum(content: object) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()[:12]


@cache
def keys_table() -> str:
    """The name of the table of `keys`."""
    return KEYS_PREFIX + _checksum(sorted(keys().items()))


@cache
def values_table() -> str:
    """The name of the table of `texts`."""
    return VALUES_PREFIX + _checksum(sorted(texts().items()))


def order_of(key: str) -> str:
    """SQL: a key's order and flags, 0 for a key that nobody knows."""
    return f"joinGet('{keys_table()}', 'order', {key})"


def text_of(name: str, expression: str) -> str:
    """SQL: the text that the list `name` has for a text, '' for none."""
    return text_at(f"concat('{name}:', {expression})")


def text_at(key: str) -> str:
    """SQL: the text under a key that names its list itself."""
    return f"joinGet('{values_table()}', 'value', {key})"


def is_in(name: str, expression: str) -> str:
    """SQL: whether the list `name` has a text."""
    return f"{text_of(name, expression)} != ''"
