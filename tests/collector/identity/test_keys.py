"""API keys: format, hash, scopes, the file that holds them, and where a request carries one."""

from __future__ import annotations

import base64
import json
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from spanhouse_collector.errors import (
    KeyConflict,
    MalformedRequest,
    NotFound,
    Overloaded,
    PermissionDenied,
    StartupError,
    Unauthenticated,
)
from spanhouse_collector.identity import key_file
from spanhouse_collector.identity.credentials import key_in_headers
from spanhouse_collector.identity.key_file import KeyFile, bound_project
from spanhouse_collector.identity.keys import KeyRequest, new_key, split_key

OPERATOR: Final = KeyRequest("*", ("admin",))
READER: Final = KeyRequest("shop", ("read",))
DAY_NS: Final = 86_400 * 10**9


class Clock:
    def __init__(self) -> None:
        self.now = 1_764_547_200 * 10**9

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> KeyFile:
    return KeyFile(tmp_path / "keys.json", clock=clock)


def test_without_keys_everybody_may_do_everything(keys: KeyFile) -> None:
    assert not keys.keys_exist()
    assert keys.authenticate(None, "admin") is None
    assert bound_project(None) == ""


def test_the_first_key_must_be_an_operators(keys: KeyFile) -> None:
    for wanted in (READER, KeyRequest("*", ("read",)), KeyRequest("shop", ("admin",))):
        with pytest.raises(KeyConflict, match="first key"):
            keys.create(wanted)
    assert not keys.keys_exist()
    keys.create(OPERATOR)
    assert keys.keys_exist()


def test_the_secret_is_stored_nowhere(keys: KeyFile, tmp_path: Path) -> None:
    key, text = keys.create(OPERATOR)
    parts = split_key(text)
    assert parts is not None
    stored = (tmp_path / "keys.json").read_text()
    assert key.id in stored
    assert parts[1] not in stored
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_two_keys_are_never_alike(clock: Clock) -> None:
    made = {new_key(OPERATOR, clock.now)[1] for _ in range(50)}
    assert len(made) == 50
    assert all(len(text) == len("spanhouse__") + 12 + 64 for text in made)


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [(("ingest",), {"ingest"}), (("read",), {"read"}), (("ingest", "read"), {"ingest", "read"}),
     (("admin",), {"ingest", "read", "admin"})],
)  # fmt: skip
def test_a_key_may_do_what_its_scopes_say(keys: KeyFile, scopes: tuple[str, ...], allowed: set[str]) -> None:
    keys.create(OPERATOR)
    key, text = keys.create(KeyRequest("shop", scopes))
    for scope in ("ingest", "read", "admin"):
        if scope in allowed:
            assert keys.authenticate(text, scope) == key
        else:
            with pytest.raises(PermissionDenied, match=scope):
                keys.authenticate(text, scope)


def test_a_wrong_key_is_refused_and_told_nothing(keys: KeyFile) -> None:
    _, text = keys.create(OPERATOR)
    key_id, secret = split_key(text) or ("", "")
    wrong_secret = f"spanhouse_{key_id}_{'0' * 64}"
    unknown_id = f"spanhouse_{'0' * 12}_{secret}"
    told = set()
    for given in (wrong_secret, unknown_id, "x", text.upper(), text + " ", f"{text}0"):
        with pytest.raises(Unauthenticated) as refusal:
            keys.authenticate(given, "read")
        told.add(str(refusal.value))
        assert secret not in str(refusal.value)
    assert len(told) == 1
    with pytest.raises(Unauthenticated, match="carries no API key"):
        keys.authenticate("", "read")


def test_a_key_ends_when_it_expires(keys: KeyFile, clock: Clock) -> None:
    keys.create(OPERATOR)
    _, text = keys.create(KeyRequest("shop", ("read",), expires_unix_nano=clock.now + DAY_NS))
    clock.now += DAY_NS - 1
    keys.authenticate(text, "read")
    clock.now += 1
    with pytest.raises(Unauthenticated, match="expired"):
        keys.authenticate(text, "read")


def test_a_revoked_key_is_refused_and_its_siblings_are_not(keys: KeyFile) -> None:
    _, operator = keys.create(OPERATOR)
    key, text = keys.create(READER)
    keys.revoke(key.id)
    keys.revoke(key.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        keys.authenticate(text, "read")
    keys.authenticate(operator, "admin")
    with pytest.raises(NotFound):
        keys.revoke("000000000000")


def test_the_last_operator_cannot_be_revoked(keys: KeyFile) -> None:
    first, _ = keys.create(OPERATOR)
    keys.create(KeyRequest("shop", ("admin",)))
    with pytest.raises(KeyConflict, match="last admin"):
        keys.revoke(first.id)
    second, _ = keys.create(OPERATOR)
    keys.revoke(first.id)
    with pytest.raises(KeyConflict, match="last admin"):
        keys.revoke(second.id)


def test_a_rotated_key_works_on_for_the_overlap(keys: KeyFile, clock: Clock) -> None:
    keys.create(OPERATOR)
    old, old_text = keys.create(READER)
    new, new_text = keys.rotate(old.id, overlap_s=60)
    assert (new.project, new.scopes, new.expires_unix_nano) == (old.project, old.scopes, 0)
    for text in (old_text, new_text):
        keys.authenticate(text, "read")
    clock.now += 60 * 10**9
    keys.authenticate(new_text, "read")
    with pytest.raises(Unauthenticated, match="expired"):
        keys.authenticate(old_text, "read")
    with pytest.raises(KeyConflict, match="expired"):
        keys.rotate(old.id, overlap_s=60)


def test_rotation_gives_the_same_lifetime_and_never_prolongs_the_old_key(keys: KeyFile, clock: Clock) -> None:
    keys.create(OPERATOR)
    old, _ = keys.create(KeyRequest("shop", ("read",), expires_unix_nano=clock.now + DAY_NS))
    clock.now += DAY_NS // 2
    new, _ = keys.rotate(old.id, overlap_s=86_400)
    assert new.expires_unix_nano == clock.now + DAY_NS
    assert next(key for key in keys.list_keys() if key.id == old.id).expires_unix_nano == old.expires_unix_nano


def test_another_process_sees_a_new_and_a_revoked_key(
    keys: KeyFile, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_file, "RELOAD_S", 0.0)
    other = KeyFile(tmp_path / "keys.json", clock=clock)
    keys.create(OPERATOR)
    key, text = keys.create(READER)
    assert other.authenticate(text, "read") == key
    keys.revoke(key.id)
    with pytest.raises(Unauthenticated):
        other.authenticate(text, "read")


def test_changes_of_several_threads_are_all_kept(keys: KeyFile, tmp_path: Path) -> None:
    keys.create(OPERATOR)
    others = [KeyFile(tmp_path / "keys.json") for _ in range(4)]

    def make(file: KeyFile) -> None:
        for _ in range(5):
            file.create(READER)

    threads = [threading.Thread(target=make, args=(file,)) for file in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(KeyFile(tmp_path / "keys.json").list_keys()) == 21


def test_last_use_is_kept_over_a_restart(keys: KeyFile, tmp_path: Path, clock: Clock) -> None:
    keys.create(OPERATOR)
    key, text = keys.create(READER)
    clock.now += DAY_NS
    keys.authenticate(text, "read")
    keys.close()
    read = {found.id: found for found in KeyFile(tmp_path / "keys.json").list_keys()}
    assert read[key.id].last_used_unix_nano == clock.now


@pytest.mark.parametrize(
    "spoil",
    [lambda path: path.write_text("{"), lambda path: path.write_text('{"version": 9, "keys": []}'),
     lambda path: path.write_text('{"version": 1, "keys": [{"id": "x"}]}'), lambda path: path.unlink()],
    ids=["half a file", "another version", "a field missing", "gone"],
)  # fmt: skip
def test_a_spoiled_file_never_opens_a_running_collector(
    keys: KeyFile, tmp_path: Path, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_file, "RELOAD_S", 0.0)
    _, text = keys.create(OPERATOR)
    spoil(tmp_path / "keys.json")
    with pytest.raises(Unauthenticated):
        keys.authenticate(None, "read")
    keys.authenticate(text, "read")


def test_a_collector_does_not_start_on_a_spoiled_file(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(StartupError, match=r"keys\.json"):
        KeyFile(tmp_path / "keys.json")


def test_a_file_that_cannot_be_written_is_told_and_changes_nothing(
    keys: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.create(OPERATOR)
    monkeypatch.setattr("os.fsync", _full)
    with pytest.raises(Overloaded, match="cannot be written"):
        keys.create(READER)
    assert len(keys.list_keys()) == 1


def _full(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_no_more_than_keys_max(keys: KeyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_file, "KEYS_MAX", 2)
    keys.create(OPERATOR)
    keys.create(READER)
    with pytest.raises(KeyConflict, match="keys_max"):
        keys.create(READER)


@pytest.mark.parametrize(
    ("project", "scopes", "name"),
    [("", ("read",), ""), ("a b", ("read",), ""), ("**", ("read",), ""), ("shop", (), ""), ("shop", ("write",), ""),
     ("shop", ("read",), "a\nb"), ("shop", ("read",), "x" * 129)],
)  # fmt: skip
def test_an_impossible_key_is_refused_by_name(project: str, scopes: tuple[str, ...], name: str) -> None:
    with pytest.raises(MalformedRequest):
        KeyRequest(project, scopes, name)


def _basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_key_is_read_where_other_clients_put_theirs(clock: Clock) -> None:
    _, key = new_key(OPERATOR, clock.now)
    places: list[dict[str, str]] = [
        {"authorization": f"Bearer {key}"},
        {"authorization": f"bearer  {key}"},
        {"authorization": key},
        _basic("pk-lf-1", key),
        _basic(key, ""),
        _basic(key, "anything"),
        {"x-api-key": key},
        {"x-spanhouse-key": key},
        {"x-clickhouse-user": "default", "x-clickhouse-key": key},
    ]
    assert [key_in_headers(headers) for headers in places] == [key] * len(places)


@pytest.mark.parametrize("headers", [{}, {"authorization": "  "}, {"x-api-key": ""}])
def test_no_key_is_no_key(headers: dict[str, str]) -> None:
    assert key_in_headers(headers) is None


@pytest.mark.parametrize("value", ["Basic", "Basic !", "Basic " + base64.b64encode(b"\xff\xfe").decode(), "Basic Og=="])
def test_what_is_no_basic_is_a_wrong_key_and_not_none(value: str) -> None:
    text = key_in_headers({"authorization": value, "x-api-key": "looked at only without Authorization"})
    assert text
    assert split_key(text) is None


def test_the_stored_form_is_read_back(keys: KeyFile, tmp_path: Path) -> None:
    keys.create(OPERATOR)
    made, _ = keys.create(KeyRequest("shop", ("read", "ingest"), "nightly", expires_unix_nano=2 * 10**18))
    assert KeyFile(tmp_path / "keys.json").list_keys()[1] == made
    assert json.loads((tmp_path / "keys.json").read_text())["version"] == 1
