"""Moments and durations as people write them in parameters.

Owns reading `since`, `until` and `interval`: a duration such as `1h` (before now), a time in ISO 8601, or a number of
nanoseconds since 1970. Times inside filters are the filter language's.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from spanhouse_collector.errors import MalformedRequest

SECOND_NS: Final = 1_000_000_000
UNIX_NANO_MAX: Final = 2**63 - 1
_UNIT_NS: Final = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": SECOND_NS,
    "m": 60 * SECOND_NS,
    "h": 3600 * SECOND_NS,
    "d": 86400 * SECOND_NS,
    "w": 7 * 86400 * SECOND_NS,
}
_DURATION: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ns|us|ms|s|m|h|d|w)")
_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_ISO: Final = re.compile(r"([0-9T: -]{10,19})(?:\.([0-9]{1,9}))?(Z|z|[+-][0-9]{2}:?[0-9]{2})?")
_HINT: Final = "a duration before now (30m, 1h, 7d), a time (2026-11-20T10:00:00Z), or nanoseconds since 1970"


def duration_ns(text: str, name: str) -> int:
    """A duration in nanoseconds.

    Raises:
        MalformedRequest: it is none, or it is zero.

    """
    match = _DURATION.fullmatch(text.strip())
    found = round(float(match[1]) * _UNIT_NS[match[2]]) if match else 0
    if not 0 < found <= UNIX_NANO_MAX:
        raise MalformedRequest(f"{name}: {text!r} is no duration", hint="a number and ns, us, ms, s, m, h, d or w: 15m")
    return found


def moment_unix_nano(text: str, name: str, now_unix_nano: int) -> int | None:
    """A moment in nanoseconds since 1970; None for no text. A time without zone is in UTC.

    Raises:
        MalformedRequest: it is none.

    """
    text = text.strip()
    if not text:
        return None
    if _DURATION.fullmatch(text):
        return max(0, now_unix_nano - duration_ns(text, name))
    found = int(text) if _NUMBER.fullmatch(text) else _iso_unix_nano(text)
    if found is None or not 0 <= found <= UNIX_NANO_MAX:
        raise MalformedRequest(f"{name}: {text!r} is no time", hint=_HINT)
    return found


def _iso_unix_nano(text: str) -> int | None:
    # A plus sign that nobody escaped arrives as a space.
    match = _ISO.fullmatch(re.sub(r" ([0-9]{2}:?[0-9]{2})$", r"+\1", text) if "T" in text else text)
    if match is None:
        return None
    day_and_time = match[1] if len(match[1]) > len("1970-01-01") else f"{match[1]}T00:00"
    try:
        moment = datetime.fromisoformat(day_and_time + (match[3] or "Z").upper())
    except ValueError:
        return None
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return seconds * SECOND_NS + int((match[2] or "0").ljust(9, "0"))
