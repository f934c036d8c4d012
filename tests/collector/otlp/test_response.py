"""Replies: their form in both encodings, and that they stay small and harmless whatever a request held."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from spanhouse_collector import errors
from spanhouse_collector.otlp import response
from spanhouse_collector.otlp.body import JSON, PROTOBUF
from spanhouse_collector.otlp.signals import BY_NAME, TRACES, Signal

SIGNALS = pytest.mark.parametrize("signal", BY_NAME.values(), ids=list(BY_NAME))


def parse_status(body: bytes, media_type: str) -> Any:
    if media_type == JSON:
        return json_format.Parse(body, status_pb2.Status())
    return status_pb2.Status.FromString(body)


@SIGNALS
def test_full_success_is_empty(signal: Signal) -> None:
    """Cases 2 and 63."""
    assert response.success(signal, 0, "", PROTOBUF) == b""
    assert response.success(signal, 0, "", JSON) == b"{}"


@SIGNALS
@pytest.mark.parametrize(("rejected", "message"), [(3, "three were bad"), (0, "a warning"), (2**40, "")])
def test_partial_success_says_the_same_in_both_encodings(signal: Signal, rejected: int, message: str) -> None:
    """Cases 61 and 62."""
    binary: Any = signal.response_class.FromString(response.success(signal, rejected, message, PROTOBUF))
    assert getattr(binary.partial_success, signal.rejected_field) == rejected
    assert binary.partial_success.error_message == message
    body = response.success(signal, rejected, message, JSON)
    assert json_format.Parse(body, signal.response_class()) == binary
    count = next(value for name, value in json.loads(body)["partialSuccess"].items() if name.startswith("rejected"))
    assert count == str(rejected)


ERRORS = [
    errors.MalformedRequest("m", hint="h"),
    errors.InvalidItems("m"),
    errors.UnsupportedMediaType("m"),
    errors.RequestTooLarge("m"),
    errors.RequestTimeout("m"),
    errors.Overloaded("m", retry_after_s=3),
    errors.WalUnavailable("m"),
    errors.StorageRefused("secret"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("media_type", [JSON, PROTOBUF])
def test_every_error_is_a_status_with_its_code(error: errors.SpanhouseError, media_type: str) -> None:
    """Case 64."""
    status = parse_status(response.status_body(error, media_type), media_type)
    assert status == response.status(error)
    assert (status.code, status.message) == (error.grpc_code, str(error))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_retry_info_is_there_exactly_when_the_sender_should_try_again(error: errors.SpanhouseError) -> None:
    """Cases 21, 65 and 67."""
    details = response.status(error).details
    delays = [detail for detail in details if detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR)]
    assert bool(delays) == isinstance(error, errors.Overloaded)
    for detail in delays:
        info = error_details_pb2.RetryInfo()
        detail.Unpack(info)
        assert info.retry_delay.seconds in (2, 3)


def test_a_fault_of_ours_tells_nothing() -> None:
    """Case 68."""
    assert response.status(None) == status_pb2.Status(code=13, message="internal error")


@given(st.text(max_size=9000), st.integers(1, 5000))
def test_shortened_text_keeps_its_limit_and_holds_nothing_a_terminal_acts_on(text: str, limit: int) -> None:
    short = response.shorten(text * 3, max(limit, 3))
    assert len(short.encode()) <= max(limit, 3)
    assert all(character.isprintable() for character in short)


@pytest.mark.parametrize("text", ["x", "日", "😀", "\x1b", "\ud800", "a\r\n"])
@pytest.mark.parametrize("media_type", [JSON, PROTOBUF])
def test_replies_stay_small_whatever_they_quote(text: str, media_type: str) -> None:
    """Cases 27 and S23."""
    assert len(response.success(TRACES, 1, text * 1_000_000, media_type)) < 4200
    body = response.status_body(errors.MalformedRequest(text * 1_000_000), media_type)
    assert len(body) < 2400
    parse_status(body, media_type)


@pytest.mark.parametrize("text", ["x", "日", "😀"])
def test_the_trailers_of_a_refused_call_fit_what_grpc_clients_accept(text: str) -> None:
    """grpc's soft limit for metadata is 8 KiB; beyond it a client sees RESOURCE_EXHAUSTED instead of the reason."""
    status = response.status(errors.Overloaded(text * 100_000))
    percent_encoded = sum(1 if 32 <= byte < 127 else 3 for byte in status.message.encode())
    assert percent_encoded + len(status.SerializeToString()) * 4 / 3 < 6 * 1024


def test_control_characters_of_a_sender_do_not_reach_a_reply() -> None:
    """S16."""
    told = response.shorten("a\x1b[31mb\r\nc\0d\u202ee\x85f")
    assert told == "a [31mb  c d e f"
