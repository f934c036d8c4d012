"""A filter without what it says of one field."""

from __future__ import annotations

import pytest

from spanhouse_collector.query.filter import without_field
from spanhouse_collector.query.filter.parser import parse


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("", "model", ""),
        ("model = 'a'", "model", ""),
        ("model = 'a' AND is_error", "model", "is_error"),
        ("(model = 'a' OR model = 'b') AND NOT model LIKE 'c%'", "model", ""),
        ("model = 'a' OR is_error", "model", "model = 'a' OR is_error"),
        ("duration > 1s AND duration_ms < 5000 AND kind = 'CLIENT'", "duration", "kind = 'CLIENT'"),
        ("status = 'OK' AND model = 'a'", "trace.state", "model = 'a'"),
        ("attributes.a = '1' AND attributes.b = '2'", "attributes.a", "attributes.b = '2'"),
        ("""attributes."a b" = 'it''s' AND model = 'x'""", "model", """attributes."a b" = 'it''s'"""),
        ("EXISTS (model = 'a') AND is_error", "model", "is_error"),
        ("service_name = 'a' AND trace.service_name = 'b'", "service_name", "trace.service_name = 'b'"),
    ],
)
def test_only_conditions_on_the_field_are_taken_away(text: str, name: str, rest: str) -> None:
    assert parse(without_field(text, name, unit="trace")) == parse(rest)
