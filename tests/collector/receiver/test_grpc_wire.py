"""What grpcio decides before our code sees a call: recorded deviations, and that none of them is retryable or fatal."""

from __future__ import annotations

import gzip

import pytest

from spanhouse_collector.otlp.signals import TRACES
from tests.collector.receiver.raw_grpc import RawGrpc
from tests.collector.receiver.samples import good
from tests.collector.receiver.wire import GRPC, send
from tests.collector_process import CollectorProcess

OK = b"\x0bgrpc-status\x010"
INVALID_ARGUMENT = b"\x0bgrpc-status\x013"
INTERNAL = b"\x0bgrpc-status\x0213"


def answer(collector: CollectorProcess, *arguments: object, **options: int) -> bytes:
    with RawGrpc(collector.grpc) as connection:
        connection.call(*arguments, **options)  # type: ignore[arg-type]  # passed through as they are
        return b"".join(payload for kind, _, payload in connection.response_frames() if kind == "HEADERS")


@pytest.fixture(autouse=True)
def _still_alive(collector: CollectorProcess) -> object:
    yield
    assert send(collector, GRPC, TRACES, good(TRACES)).code == 0


def test_a_call_written_by_hand_is_answered(collector: CollectorProcess) -> None:
    assert OK in answer(collector, good(TRACES).SerializeToString())


@pytest.mark.parametrize("content_type", ["application/grpc+proto", "application/grpc", "text/plain"])
def test_any_content_type_is_taken_for_grpc(collector: CollectorProcess, content_type: str) -> None:
    """Case 4, a deviation: gRPC's document wants HTTP 415 for the last."""
    assert OK in answer(collector, good(TRACES).SerializeToString(), {"content-type": content_type})


def test_get_is_reset(collector: CollectorProcess) -> None:
    """Case 5."""
    with RawGrpc(collector.grpc) as connection:
        connection.open(method="GET")
        connection.data(b"", is_last=True)
        assert "RST_STREAM" in [kind for kind, _, _ in connection.response_frames()]


@pytest.mark.parametrize("encoding", ["zstd", "br", "snappy"])
def test_an_unknown_grpc_encoding_is_internal(collector: CollectorProcess, encoding: str) -> None:
    """Case 17, a deviation: gRPC's document wants UNIMPLEMENTED. Neither is retryable."""
    assert INTERNAL in answer(collector, b"x", {"grpc-encoding": encoding}, compressed_flag=1)


@pytest.mark.parametrize("body", [b"garbage", gzip.compress(b"x" * 100, mtime=0)[:-9]], ids=["garbage", "cut"])
def test_a_corrupt_gzip_message_is_internal(collector: CollectorProcess, body: bytes) -> None:
    """Case 19, a deviation from HTTP's 400; not retryable either."""
    assert INTERNAL in answer(collector, body, {"grpc-encoding": "gzip"}, compressed_flag=1)


def test_a_compressed_flag_without_an_encoding_is_internal(collector: CollectorProcess) -> None:
    """Case 20, as gRPC's compression document has it."""
    assert INTERNAL in answer(collector, b"x", compressed_flag=1)


def test_a_call_that_ends_without_a_message_is_a_bad_request(collector: CollectorProcess) -> None:
    """Case 80."""
    with RawGrpc(collector.grpc) as connection:
        connection.open()
        connection.data(b"", is_last=True)
        assert INVALID_ARGUMENT in b"".join(payload for _, _, payload in connection.response_frames())


@pytest.mark.parametrize("ending", ["reset", "hang up", "half-close"])
def test_half_a_message_is_never_stored_and_leaves_no_place_taken(collector: CollectorProcess, ending: str) -> None:
    """Case 80: more often than there are places, so that one that leaked would show."""
    message = good(TRACES).SerializeToString()
    before = collector.metric("spanhouse_accepted_items_total", signal="traces", transport="grpc")
    for _ in range(40):
        with RawGrpc(collector.grpc) as connection:
            connection.open()
            connection.data(b"\0" + len(message).to_bytes(4, "big") + message[:10], is_last=ending == "half-close")
            if ending == "reset":
                connection.reset()
            elif ending == "half-close":
                connection.response_frames()
    for _ in range(20):
        assert send(collector, GRPC, TRACES, good(TRACES)).code == 0
    after = collector.metric("spanhouse_accepted_items_total", signal="traces", transport="grpc")
    assert after == before + 20
