"""Buckets of time in which aggregates count: of a fixed width, or days, weeks and months of a time zone.

Owns reading `interval` and `timezone`, and the SQL of a bucket's start. In a zone, buckets begin at round times of its
clocks: a day may have 23 or 25 hours, a week begins on Monday. Without one, all begin at multiples of their width since
1970 in UTC, and months at those of UTC.
"""

from __future__ import annotations

import re
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.query.search_moments import SECOND_NS, duration_ns
from spanhouse_collector.storage.engine import quoted

MONTHS_MAX: Final = 1200
_MONTHS: Final = re.compile(r"([0-9]{1,4})(mo|y)")
_DAY_S: Final = 86_400
_WEEK_S: Final = 7 * _DAY_S
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_ZONE_CHARS_SHOWN: Final = 60


def bucket_start(interval: str, time_zone: str) -> str:
    """SQL: nanoseconds since 1970 at which the bucket of a row's `start_time` begins.

    Raises:
        MalformedRequest: the interval or the zone is none, or a zone's bucket is not of whole seconds.

    """
    zone = _zone(time_zone)
    months = _MONTHS.fullmatch(interval.strip())
    if months is not None:
        count = int(months[1]) * (12 if months[2] == "y" else 1)
        if not 1 <= count <= MONTHS_MAX:
            raise MalformedRequest(f"interval: {count} months; there must be 1 to {MONTHS_MAX}", hint="1mo, 3mo, 1y")
        return _of_dates(f"toIntervalMonth({count})", zone or "UTC")
    step_ns = duration_ns(interval, "interval")
    if not zone:
        return f"intDiv(toUnixTimestamp64Nano(start_time), {step_ns}) * {step_ns}"
    if step_ns % SECOND_NS:
        raise MalformedRequest(
            "interval: in a time zone it is of whole seconds", hint="leave out timezone, or say 1s or more"
        )
    step_s = step_ns // SECOND_NS
    if step_s % _WEEK_S == 0:
        return _of_dates(f"toIntervalWeek({step_s // _WEEK_S})", zone)
    if step_s % _DAY_S == 0:
        return _of_dates(f"toIntervalDay({step_s // _DAY_S})", zone)
    return _of_seconds(step_s, zone)


def _zone(name: str) -> str:
    name = name.strip()
    if not name:
        return ""
    try:
        if not _ZONE.fullmatch(name):
            raise ValueError(name)
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        shown = name[:_ZONE_CHARS_SHOWN]
        raise MalformedRequest(f"timezone: {shown!r} is no time zone", hint="an IANA name: Europe/Athens") from error


def _of_dates(width: str, zone: str) -> str:
    """The first day of days, weeks or months; a day begins when its date does, whatever the clocks show then."""
    # Of days the engine makes a moment, of weeks and months a date.
    first = f"toDate(toStartOfInterval(toDate(toTimeZone(start_time, {quoted(zone)})), {width}))"
    return f"toInt64(toUnixTimestamp(toDateTime({first}, {quoted(zone)}))) * {SECOND_NS}"


def _of_seconds(step_s: int, zone: str) -> str:
    """What the clocks show is rounded down, and then it is asked when they showed that: before a shift, maybe."""
    shown = f"toInt64(toUnixTimestamp(start_time)) + {_offset('start_time', zone)}"
    rounded = f"(intDiv({shown}, {step_s}) * {step_s})"
    guess = f"toDateTime({rounded} - {_offset('start_time', zone)}, 'UTC')"
    return f"({rounded} - {_offset(guess, zone)}) * {SECOND_NS}"


def _offset(moment: str, zone: str) -> str:
    return f"toInt64(timezoneOffset(toTimeZone({moment}, {quoted(zone)})))"
