"""Times in the parameters and bodies of routes that take nothing but times.

Owns that a bare number is none (pydantic would take `0.5` for half a second after 1970), and which years there are.
Leaves moments that may also be ages to `query.search_moments`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_END: Final = datetime(2262, 1, 1, tzinfo=UTC)  # of what 64 bits of nanoseconds hold
_DAY_FIRST: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _check_written_out(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _DAY_FIRST.match(value)):
        return value
    raise ValueError("a time is written as 2026-11-20T10:00:00Z")


def _checked(moment: datetime) -> datetime:
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if not _FIRST <= moment < _END:
        raise ValueError(f"a time is from {_FIRST:%Y} to before {_END:%Y}")
    return moment


IsoTime = Annotated[
    datetime,
    BeforeValidator(_check_written_out),
    AfterValidator(_checked),
    Field(description="ISO 8601; in UTC unless it says otherwise", examples=["2026-11-20T10:00:00Z"]),
]
