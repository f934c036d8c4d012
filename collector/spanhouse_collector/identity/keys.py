"""An API key: how one is made, written, hashed, and what it allows.

Owns the format `spanhouse_<id>_<secret>`, the hash that is stored in its place, scopes and the binding to a project.
Leaves where keys are stored to `key_file`, where a request carries one to `credentials`.

The secret is 256 random bits, so one SHA-256 is enough: a slow hash guards passwords that can be guessed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.otlp import project as projects

INGEST: Final = "ingest"
READ: Final = "read"
ADMIN: Final = "admin"
SCOPES: Final[Mapping[str, str]] = {
    INGEST: "send spans, logs and metrics",
    READ: "search, read, aggregate, SQL",
    ADMIN: "all of these, and what changes or deletes; with project '*' also keys, prices and operation",
}
ALL_PROJECTS: Final = "*"
NAME_CHARACTERS_MAX: Final = 128
PREFIX: Final = "spanhouse"
ID_BYTES: Final = 6
SECRET_BYTES: Final = 32
_KEY: Final = re.compile(rf"{PREFIX}_([0-9a-f]{{{2 * ID_BYTES}}})_([0-9a-f]{{{2 * SECRET_BYTES}}})")


@dataclass(frozen=True)
class ApiKey:
    """A key as it is stored: everything but the secret. Times are nanoseconds since 1970; 0 is never."""

    id: str
    project: str  # ALL_PROJECTS for every project
    scopes: tuple[str, ...]
    secret_sha256_hex: str
    name: str
    created_unix_nano: int
    expires_unix_nano: int = 0
    revoked_unix_nano: int = 0
    last_used_unix_nano: int = 0

    @property
    def is_operator(self) -> bool:
        """Whether it may do everything: an admin of all projects."""
        return ADMIN in self.scopes and self.project == ALL_PROJECTS

    def state(self, now_unix_nano: int) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_unix_nano:
            return "revoked"
        return "expired" if 0 < self.expires_unix_nano <= now_unix_nano else "active"

    def allows(self, scope: str) -> bool:
        """Whether the key may do what needs this scope."""
        return scope in self.scopes or ADMIN in self.scopes

    def has_secret(self, secret: str) -> bool:
        """Whether this is the key's secret; takes the same time for every wrong one."""
        return hmac.compare_digest(_hash(secret), self.secret_sha256_hex)

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return {**asdict(self), "scopes": list(self.scopes)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ApiKey:
        """The inverse of `to_json`."""
        return cls(**{**stored, "scopes": tuple(stored["scopes"])})


@dataclass(frozen=True)
class KeyRequest:
    """What somebody asks a new key to be.

    Raises:
        MalformedRequest: the project, a scope, the name or the time of expiry cannot be.

    """

    project: str
    scopes: tuple[str, ...]
    name: str = ""
    expires_unix_nano: int = 0

    def __post_init__(self) -> None:
        if self.project == projects.AUDIT:
            raise MalformedRequest(f"{projects.AUDIT} is the collector's own project", hint="'*' may read it")
        if self.project != ALL_PROJECTS and not projects.is_valid(self.project):
            raise MalformedRequest(
                f"{self.project[:140]!r} is not a project name", hint=f"'*' for all projects, or {projects.PATTERN}"
            )
        unknown = [scope for scope in self.scopes if scope not in SCOPES]
        if unknown or not self.scopes:
            named = f"{unknown[0][:40]!r} is not a scope" if unknown else "a key needs a scope"
            raise MalformedRequest(named, hint=f"scopes: {', '.join(SCOPES)}")
        if len(self.name) > NAME_CHARACTERS_MAX or not self.name.isprintable():
            raise MalformedRequest(f"the name of a key is at most {NAME_CHARACTERS_MAX} printable characters")


def new_key(wanted: KeyRequest, now_unix_nano: int) -> tuple[ApiKey, str]:
    """A key, and its text, which exists nowhere else."""
    if 0 < wanted.expires_unix_nano <= now_unix_nano:
        raise MalformedRequest("the key would have expired already")
    key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_hex(SECRET_BYTES)
    made = ApiKey(
        id=key_id,
        project=wanted.project,
        scopes=_ordered(wanted.scopes),
        secret_sha256_hex=_hash(secret),
        name=wanted.name,
        created_unix_nano=now_unix_nano,
        expires_unix_nano=wanted.expires_unix_nano,
    )
    return made, f"{PREFIX}_{key_id}_{secret}"


def split_key(text: str) -> tuple[str, str] | None:
    """(id, secret) of a key's text; None for anything else."""
    match = _KEY.fullmatch(text)
    return (match[1], match[2]) if match else None


def _ordered(scopes: Iterable[str]) -> tuple[str, ...]:
    given = set(scopes)
    return tuple(scope for scope in SCOPES if scope in given)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
