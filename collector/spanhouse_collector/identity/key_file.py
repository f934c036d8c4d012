"""The file that holds a collector's keys.

Owns `keys.json` in the data directory (or where the setting `keys_file` says): reading it, changing it under a lock
that other processes respect, and noticing changes of others. A key works, and a revoked one stops working, within
RELOAD_S on every collector that shares the file. When a key was last used is kept in memory and written with the next
change, or after LAST_USED_S.

Once the file holds a key, requests need one, even when all are revoked or expired: a collector never opens by itself.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from spanhouse_collector.errors import (
    KeyConflict,
    NotFound,
    Overloaded,
    PermissionDenied,
    StartupError,
    Unauthenticated,
)
from spanhouse_collector.identity.keys import ALL_PROJECTS, ApiKey, KeyRequest, new_key, split_key

logger = logging.getLogger(__name__)

FILE_NAME: Final = "keys.json"
KEYS_MAX: Final = 10_000
RELOAD_S: Final = 1.0
LAST_USED_S: Final = 60.0
_VERSION: Final = 1
_HINT: Final = "send a key as `Authorization: Bearer …` or in header x-api-key; `spanhouse keys create` makes one"


class KeyFile:
    """The keys of one file. Safe to use from several threads and processes."""

    def __init__(self, path: Path, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._path = path
        self._clock = clock
        self._mutex = threading.Lock()
        self._keys: dict[str, ApiKey] = {}
        self._stamp: tuple[int, int, int] | None = None
        self._looked_monotonic_s = float("-inf")
        self._last_used: dict[str, int] = {}
        self._last_used_written_s = time.monotonic()
        with self._mutex:
            self._reload()

    def keys_exist(self) -> bool:
        """Whether requests need a key."""
        with self._mutex:
            self._reload_if_due()
            return bool(self._keys)

    def authenticate(self, text: str | None, scope: str) -> ApiKey | None:
        """The key of a request that needs `scope`; None while no key exists, when everybody may do everything.

        Raises:
            Unauthenticated: there is no key in the request, or it is unknown, expired or revoked.
            PermissionDenied: it may not do this.

        """
        with self._mutex:
            self._reload_if_due()
            if not self._keys:
                return None
            key = self._active(text)
            if not key.allows(scope):
                raise PermissionDenied(
                    f"key {key.id} has the scope {' and '.join(key.scopes)}, this needs {scope}",
                    hint="ask for a key with that scope: `spanhouse keys create --scope …`",
                )
            self._last_used[key.id] = self._clock()
            if time.monotonic() - self._last_used_written_s >= LAST_USED_S:
                self._write_last_used()
            return key

    def _active(self, text: str | None) -> ApiKey:
        if not text:
            raise Unauthenticated("the request carries no API key", hint=_HINT)
        parts = split_key(text)
        key = self._keys.get(parts[0]) if parts else None
        # One answer for an unknown id and a wrong secret: who guesses learns nothing.
        if parts is None or key is None or not key.has_secret(parts[1]):
            raise Unauthenticated("the API key is not known here", hint=_HINT)
        state = key.state(self._clock())
        if state != "active":
            raise Unauthenticated(f"the API key {key.id} is {state}", hint=_HINT)
        return key

    def list_keys(self) -> list[ApiKey]:
        """All keys, oldest first, revoked and expired ones included."""
        with self._mutex:
            self._reload_if_due()
            return [self._with_last_used(key) for key in self._keys.values()]

    def create(self, wanted: KeyRequest) -> tuple[ApiKey, str]:
        """A new key and its text, durable when this returns.

        Raises:
            KeyConflict: it is the first, and no admin of all projects; or there are KEYS_MAX.

        """
        made, text = new_key(wanted, self._clock())
        with self._changing() as keys:
            if not keys and not made.is_operator:
                raise KeyConflict(
                    "the first key must be an admin's for all projects: without one nobody could make another",
                    hint="spanhouse keys create --project '*' --scope admin",
                )
            if len(keys) >= KEYS_MAX:
                raise KeyConflict(f"there are {KEYS_MAX} keys already, which is keys_max", hint="prune revoked keys")
            keys[made.id] = made
        return made, text

    def revoke(self, key_id: str) -> ApiKey:
        """Make a key useless at once; revoking it again changes nothing.

        Raises:
            NotFound: there is no such key.
            KeyConflict: it is the last active admin of all projects.

        """
        now = self._clock()
        with self._changing() as keys:
            key = _existing(keys, key_id)
            if not key.revoked_unix_nano:
                others = (other for other in keys.values() if other.id != key_id and other.is_operator)
                if key.is_operator and not any(other.state(now) == "active" for other in others):
                    raise KeyConflict(
                        f"key {key_id} is the last admin of all projects: nobody could make keys any more",
                        hint="create another one first",
                    )
                key = keys[key_id] = replace(key, revoked_unix_nano=now)
        return key

    def rotate(self, key_id: str, *, overlap_s: float) -> tuple[ApiKey, str]:
        """A new key that may do what this one may; the old one works for `overlap_s` more seconds.

        Raises:
            NotFound: there is no such key.
            KeyConflict: it is not active.

        """
        now = self._clock()
        with self._changing() as keys:
            key = _existing(keys, key_id)
            if key.state(now) != "active":
                raise KeyConflict(f"key {key_id} is {key.state(now)} and cannot be rotated", hint="create a new one")
            made, text = new_key(KeyRequest(key.project, key.scopes, key.name), now)
            if key.expires_unix_nano:  # the new one lives as long as the old one was meant to
                made = replace(made, expires_unix_nano=now + key.expires_unix_nano - key.created_unix_nano)
            ends = now + max(1, int(overlap_s * 1e9))
            ends = min(ends, key.expires_unix_nano) if key.expires_unix_nano else ends
            keys[key_id] = replace(key, expires_unix_nano=ends)
            keys[made.id] = made
        return made, text

    def close(self) -> None:
        """Write when keys were last used."""
        with self._mutex:
            if self._last_used:
                self._write_last_used()

    @contextmanager
    def _changing(self) -> Iterator[dict[str, ApiKey]]:
        """The newest keys, to be changed in place; written, and in force here, when the block ends without an error."""
        with self._mutex, self._file_lock():
            self._reload()
            keys = dict(self._keys)
            yield keys
            try:
                self._write({key.id: self._with_last_used(key) for key in keys.values()})
            except OSError as error:
                raise Overloaded(f"the file of keys cannot be written: {error.strerror}") from error

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _reload_if_due(self) -> None:
        now = time.monotonic()
        if now - self._looked_monotonic_s >= RELOAD_S:
            self._looked_monotonic_s = now
            if self._stamp != _stamp(self._path):
                self._reload()

    def _reload(self) -> None:
        """Read the file; one that became unreadable leaves the keys in force that were.

        Raises:
            StartupError: it cannot be read, and never could be.

        """
        stamp = _stamp(self._path)
        if stamp is None:
            if self._stamp is not None:
                logger.error("the file of keys, %s, is gone: the keys it held stay in force", self._path)
            return
        try:
            stored = json.loads(self._path.read_bytes())
            if stored["version"] != _VERSION:
                raise ValueError(f"version {stored['version']}")
            keys = {entry["id"]: ApiKey.from_json(entry) for entry in stored["keys"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            problem = f"the file of keys, {self._path}, cannot be read: {type(error).__name__}"
            if self._stamp is None:
                raise StartupError([problem], hint="restore it from a backup") from error
            logger.error("%s; the keys read before stay in force", problem)  # noqa: TRY400  # no traceback for a typo
        else:
            self._keys = keys
        self._stamp = stamp

    def _with_last_used(self, key: ApiKey) -> ApiKey:
        return replace(key, last_used_unix_nano=max(key.last_used_unix_nano, self._last_used.get(key.id, 0)))

    def _write_last_used(self) -> None:
        self._last_used_written_s = time.monotonic()
        try:
            with self._file_lock():
                self._reload()
                self._write({key.id: self._with_last_used(key) for key in self._keys.values()})
        except OSError as error:  # of no harm: the time is kept here, and written later
            logger.warning("when keys were last used cannot be written: %s", error.strerror)

    def _write(self, keys: dict[str, ApiKey]) -> None:
        """Put the whole file in place at once, durable and readable by its owner only."""
        content = json.dumps({"version": _VERSION, "keys": [key.to_json() for key in keys.values()]}, indent=1)
        temporary = self._path.with_suffix(".tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        self._keys = keys
        self._stamp = _stamp(self._path)
        self._last_used = {}


def bound_project(key: ApiKey | None) -> str:
    """The only project that a request with this key may see or fill; '' for all."""
    return "" if key is None or key.project == ALL_PROJECTS else key.project


def _existing(keys: dict[str, ApiKey], key_id: str) -> ApiKey:
    key = keys.get(key_id)
    if key is None:
        raise NotFound(f"there is no key {key_id[:40]!r}", hint="`spanhouse keys list` shows the ids")
    return key


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes with every writing of the file; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
