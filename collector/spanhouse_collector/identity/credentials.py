"""Where a request carries its key.

Owns the places that clients of other products use, so that moving over is a change of address and key: one table.
Leaves whether the key is good to `key_file`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from spanhouse_collector.identity.keys import split_key

AUTHORIZATION: Final = "authorization"
# Header or gRPC metadata → who sends it so.
KEY_HEADERS: Final[Mapping[str, str]] = {
    "x-spanhouse-key": "Spanhouse",
    "x-api-key": "Phoenix, LangSmith and most others",
    "x-clickhouse-key": "ClickHouse's clients over HTTP",
}


def key_in_headers(headers: Mapping[str, str]) -> str | None:
    """The key's text: `Bearer KEY`, `Basic user:KEY` (Langfuse's form), a bare `KEY` (Logfire's), or KEY_HEADERS.

    `headers` have lower-case names. Of several places the first that holds anything counts, Authorization before all.
    """
    authorization = headers.get(AUTHORIZATION, "").strip()
    if authorization:
        return _of_authorization(authorization)
    return next((headers[name].strip() for name in KEY_HEADERS if headers.get(name, "").strip()), None)


def _of_authorization(value: str) -> str:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "basic":
        return _of_basic(rest.strip())
    return rest.strip() if scheme.lower() == "bearer" else value


def _of_basic(encoded: str) -> str:
    """The password, or the user where only that is a key; '-', which is no key, for what is no Basic."""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "-"
    return user if split_key(user) and not split_key(password) else password or "-"
