"""The records of real clients: whole, small, silent about the machine they were made on, and true to the claims."""

from __future__ import annotations

import base64
import importlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.clients.catalogue import CLIENTS, Client
from tests.clients.recorder import neutral, scrub
from tests.clients.recording import PROGRAMS, RECORDS, versions_of
from tests.clients.spans import read_record, traces_in_order
from tests.clients.truth import ClaimError, build_truth, check_calls, span, trace

RECORD_BYTES_MAX: Final = 150_000
RECORDS_BYTES_MAX: Final = 3_000_000
MACHINE: Final = re.compile(
    rb"/(?:root|home|Users|work|farm|tmp|mnt|opt|private)/[\w.@-]|pyenv|\.data/clients|[A-Z]:\\\\Users"
)
BY_NAME: Final = [pytest.param(client, id=client.name) for client in CLIENTS]


def truth_of(client: Client) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((RECORDS / client.name / "truth.json").read_text("utf-8"))
    return truth


def provider_calls(client: Client) -> list[dict[str, Any]]:
    lines = (RECORDS / client.name / "provider.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("client", BY_NAME)
def test_no_byte_of_a_record_tells_of_the_machine(client: Client) -> None:
    found = {
        path.name: match.group(0)
        for path in (RECORDS / client.name).iterdir()
        if (match := MACHINE.search(path.read_bytes()))
    }
    assert found == {}


@pytest.mark.parametrize("client", BY_NAME)
def test_a_record_holds_the_bodies_its_requests_list(client: Client) -> None:
    folder = RECORDS / client.name
    requests = [json.loads(line) for line in (folder / "requests.jsonl").read_text("utf-8").splitlines()]
    sizes = {request["file"]: request["bytes"] for request in requests}
    assert sizes == {path.name: path.stat().st_size for path in folder.glob("[0-9]*")}
    assert sum(sizes.values()) <= RECORD_BYTES_MAX


@pytest.mark.parametrize("client", BY_NAME)
def test_the_truth_names_spans_that_exist(client: Client) -> None:
    sent = {(item.trace_id, item.span_id): item.name for item in read_record(RECORDS / client.name).spans}
    told = {
        (item["trace_id"], row["span_id"]): row["name"] for item in truth_of(client)["traces"] for row in item["spans"]
    }
    assert told == sent


@pytest.mark.parametrize("client", BY_NAME)
def test_the_truth_is_what_the_claims_make_of_the_record(client: Client) -> None:
    claims = importlib.import_module(f"tests.clients.claims.{client.module}").TRACES
    made = build_truth(client.name, versions_of(client), claims, read_record(RECORDS / client.name))
    assert json.loads(json.dumps(made)) == truth_of(client)


@pytest.mark.parametrize("client", BY_NAME)
def test_every_call_the_provider_served_is_claimed_once(client: Client) -> None:
    claims = importlib.import_module(f"tests.clients.claims.{client.module}").TRACES
    served = [call["api"] for call in provider_calls(client) if call["status"] == 200]
    check_calls(client.name, claims, served)
    with pytest.raises(ClaimError):
        check_calls(client.name, claims, [*served, "messages"])


def texts_in(value: Any) -> list[str]:
    """Every string and number in *value*, also inside strings that hold JSON."""
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in texts_in(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in texts_in(item)]
    if not isinstance(value, str):
        return [str(value)]
    try:
        inside = json.loads(value)
    except ValueError:
        return [value]
    return [value, *(texts_in(inside) if isinstance(inside, dict | list | str) else [])]


@pytest.mark.parametrize("client", BY_NAME)
def test_texts_that_are_claimed_of_a_span_were_sent_with_it(client: Client) -> None:
    record = read_record(RECORDS / client.name)
    sent = {item.span_id: "\n".join(texts_in([item.message, item.attributes, item.events])) for item in record.spans}
    for log in record.logs:
        span_id = base64.b64decode(log.get("spanId", "")).hex()
        sent[span_id] = "\n".join([sent.get(span_id, ""), *texts_in(log.get("attributes")), *texts_in(log.get("body"))])
    keys = ("input_text", "output_text", "error_message_contains", "agent_name", "session_id", "user_id")
    missing = [
        f"{item['scenario']}: {row['name']}: {row[key]}"
        for item in truth_of(client)["traces"]
        for row in item["spans"]
        for key in keys
        if key in row and row[key] not in sent[row["span_id"]]
    ]
    assert missing == []


def test_every_record_is_of_a_client_in_the_catalogue() -> None:
    folders = {path.name for path in RECORDS.iterdir() if path.is_dir()}
    assert folders == {client.name for client in CLIENTS}
    size = sum(path.stat().st_size for path in RECORDS.rglob("*") if path.is_file())
    assert size <= RECORDS_BYTES_MAX


def test_every_pin_is_exact() -> None:
    loose = [
        f"{path.name}: {line}"
        for path in PROGRAMS.glob("*.txt")
        for line in path.read_text("utf-8").split()
        if "==" not in line
    ]
    for path in (PROGRAMS / "js").glob("*.json"):
        pins = json.loads(path.read_text("utf-8"))["dependencies"]
        loose += [f"{path.name}: {name}@{pin}" for name, pin in pins.items() if not pin[:1].isdigit()]
    assert loose == []


def test_a_claim_without_a_span_is_refused() -> None:
    record = read_record(RECORDS / CLIENTS[0].name)
    claims = [trace("made up", span("no such span"), llm_calls=0) for _ in traces_in_order(record.spans)]
    with pytest.raises(ClaimError, match="no span 'no such span'"):
        build_truth("made up", {}, claims, record)


@pytest.mark.parametrize("text", ["/home/someone/venv/lib", "/srv", "/a/b", "a-host-name", "/" + "x" * 300])
def test_scrubbing_keeps_lengths_and_removes_the_text(text: str) -> None:
    data = b"before " + text.encode() + b"/file.py after"
    clean = scrub(data, [text])
    assert len(clean) == len(data)
    assert text.encode() not in clean or len(text) <= 4
    assert neutral(text).encode() in clean or len(text) <= 4
