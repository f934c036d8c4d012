"""Times as people write them."""

from __future__ import annotations

import pytest

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.query.search_moments import SECOND_NS, duration_ns, moment_unix_nano

NOW = 1_795_000_000 * SECOND_NS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("0", 0),
        (str(NOW), NOW),
        ("1h", NOW - 3600 * SECOND_NS),
        ("1.5s", NOW - 1_500_000_000),
        (" 7d ", NOW - 7 * 86400 * SECOND_NS),
        ("1970-01-01", 0),
        ("1970-01-01T00:00:01Z", SECOND_NS),
        ("1970-01-01 00:00:01.000000001", SECOND_NS + 1),
        ("1970-01-01T02:00:01.5+02:00", SECOND_NS + 500_000_000),
        ("1970-01-01T02:00:01 02:00", SECOND_NS),
        ("9999w", 0),
    ],
)
def test_moments(text: str, expected: int | None) -> None:
    assert moment_unix_nano(text, "since", NOW) == expected


@pytest.mark.parametrize("text", ["now", "-1", "1 h", "h", "2026-13-01", "1969-12-31T23:59:59Z", "9" * 19, "1e9", "∞"])
def test_what_is_no_moment_is_refused_by_name(text: str) -> None:
    with pytest.raises(MalformedRequest, match="since"):
        moment_unix_nano(text, "since", NOW)


@pytest.mark.parametrize("text", ["", "0s", "0.0000000001s", "5", "99999999999999w", "-1s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(MalformedRequest, match="interval"):
        duration_ns(text, "interval")
