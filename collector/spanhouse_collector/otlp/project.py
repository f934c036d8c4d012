"""Which project a request, or a resource in it, belongs to.

Owns the name rule and the resource attributes that may name a project. Precedence (the header wins over resources, a
resource over the default) is completed by the ingest view in SQL, which sees each resource.

Source: DESIGN section 4, "Project of a request".
"""

from __future__ import annotations

import re
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest

HEADER: Final = "x-spanhouse-project"
RESOURCE_ATTRIBUTES: Final = ("spanhouse.project", "openinference.project.name")
DEFAULT: Final = "default"
AUDIT: Final = "spanhouse.audit"  # the collector's own: no request may name it
PATTERN: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def is_valid(name: str) -> bool:
    """Whether `name` may name a project."""
    return _NAME.fullmatch(name) is not None


def from_header(value: str | None) -> str:
    """The project that the header names, '' when there is none.

    Raises:
        MalformedRequest: the name breaks the rule.

    """
    if not value:
        return ""
    if not is_valid(value):
        raise MalformedRequest(f"header {HEADER}: {value[:140]!r} is not a project name", hint=f"names match {PATTERN}")
    return value


def for_export(value: str | None) -> str:
    """The project that the header of an export names: as `from_header`, and none of the collector's own.

    Raises:
        MalformedRequest: the name breaks the rule, or is the collector's own.

    """
    if value == AUDIT:
        raise MalformedRequest(f"header {HEADER}: {AUDIT} is the collector's own project", hint="send to another one")
    return from_header(value)


def invalid_resource_project(resource: Any) -> tuple[str, str] | None:
    """The (attribute, value) with which a Resource names an impossible project; None when it names none or a good one.

    Only the attribute that decides is looked at: the first of RESOURCE_ATTRIBUTES that is a non-empty string.
    """
    named = {
        pair.key: pair.value.string_value
        for pair in reversed(resource.attributes)
        if pair.key in RESOURCE_ATTRIBUTES and pair.value.string_value
    }
    for attribute in RESOURCE_ATTRIBUTES:
        if attribute in named:
            is_taken = is_valid(named[attribute]) and named[attribute] != AUDIT
            return None if is_taken else (attribute, named[attribute])
    return None
