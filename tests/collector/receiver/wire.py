"""Speaking OTLP to a collector in every way there is, and reading its answers strictly.

Owns one `send` for signal × protocol, the reading of every error as `google.rpc.Status` in the right encoding, and raw
sockets for what no client library would send.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import grpc
from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from spanhouse_collector.otlp.signals import BY_NAME, Signal

GRPC: Final = "grpc"
PB: Final = "http/protobuf"
JSON: Final = "http/json"
PROTOCOLS: Final = (GRPC, PB, JSON)
MEDIA_TYPES: Final = {PB: "application/x-protobuf", JSON: "application/json"}
TIMEOUT_S: Final = 20.0
_HEX_IDS: Final = {"traceId", "spanId", "parentSpanId"}


@dataclass
class Reply:
    """What a collector answered; `code` is google.rpc's, 0 for success."""

    code: int
    http_status: int = 200
    message: str = ""
    response: Any = None
    retry_after_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def partial(self) -> Any:
        return self.response.partial_success

    @property
    def has_partial(self) -> bool:
        return bool(self.response.HasField("partial_success"))

    def rejected(self, signal: Signal) -> int:
        return int(getattr(self.partial, signal.rejected_field))


def to_json(message: Message) -> bytes:
    """OTLP/JSON of a request, written by protobuf's own writer with ids turned from base64 into hex."""

    def hex_ids(value: Any) -> Any:
        if isinstance(value, list):
            return [hex_ids(item) for item in value]
        if isinstance(value, dict):
            return {
                key: base64.b64decode(item).hex() if key in _HEX_IDS and isinstance(item, str) else hex_ids(item)
                for key, item in value.items()
            }
        return value

    return json.dumps(hex_ids(json_format.MessageToDict(message))).encode()


def send(
    collector: Any, protocol: str, signal: Signal, request: Message, headers: Mapping[str, str] | None = None
) -> Reply:
    """One export request."""
    if protocol == GRPC:
        return grpc_call(collector.grpc, signal, request.SerializeToString(), headers)
    body = to_json(request) if protocol == JSON else request.SerializeToString()
    return post(collector.http, signal, protocol, body, headers)


def grpc_call(
    address: str,
    signal: Signal,
    raw: bytes,
    metadata: Mapping[str, str] | None = None,
    *,
    method: str = "Export",
    compression: grpc.Compression | None = None,
    timeout_s: float = TIMEOUT_S,
    channel: grpc.Channel | None = None,
) -> Reply:
    """One unary call with these very bytes."""
    own = None
    if channel is None:
        own = channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
    try:
        call = channel.unary_unary(f"/{signal.grpc_service}/{method}")
        answer = call(raw, timeout=timeout_s, metadata=list((metadata or {}).items()), compression=compression)
    except grpc.RpcError as error:
        return grpc_refusal(error)
    finally:
        if own is not None:
            own.close()
    return Reply(code=0, response=signal.response_class.FromString(answer))


def grpc_refusal(error: Any) -> Reply:
    """A failed call, its trailers checked against each other."""
    code = error.code().value[0]
    trailers = dict(error.trailing_metadata() or ())
    retry_after_s = None
    if "google.rpc.retryinfo-bin" in trailers:
        info = error_details_pb2.RetryInfo.FromString(trailers["google.rpc.retryinfo-bin"])
        retry_after_s = info.retry_delay.seconds + info.retry_delay.nanos / 1e9
    if "grpc-status-details-bin" in trailers:
        status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
        assert (status.code, status.message) == (code, error.details())
        assert retry_delay_of(status) == retry_after_s
    return Reply(code=code, message=error.details() or "", retry_after_s=retry_after_s, headers=trailers)


def retry_delay_of(status: Any) -> float | None:
    for detail in status.details:
        info = error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            return float(info.retry_delay.seconds) + float(info.retry_delay.nanos) / 1e9
    return None


def post(
    base_url: str,
    signal: Signal,
    protocol: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    path: str | None = None,
    connection: http.client.HTTPConnection | None = None,
) -> Reply:
    """One HTTP request with these very bytes; `headers` override the defaults, '' leaves one out."""
    own = None
    if connection is None:
        own = connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=TIMEOUT_S)
    try:
        sent = {
            key: value for key, value in {"content-type": MEDIA_TYPES[protocol], **(headers or {})}.items() if value
        }
        connection.request(method, signal.http_path if path is None else path, body, sent)
        answer = connection.getresponse()
        return http_reply(answer.status, dict(answer.getheaders()), answer.read(), signal, sent)
    finally:
        if own is not None:
            own.close()


def http_reply(status: int, headers: dict[str, str], body: bytes, signal: Signal, sent: Mapping[str, str]) -> Reply:
    """An HTTP answer, held against the specification: type, encoding, Status."""
    headers = {name.lower(): value for name, value in headers.items()}
    asked = sent.get("content-type", "").partition(";")[0].strip().lower()
    expected = asked if asked in MEDIA_TYPES.values() else MEDIA_TYPES[JSON]
    assert headers["content-type"] == expected, f"{status} {headers} {body[:200]!r}"
    assert not 300 <= status < 400
    assert len(body) < 8192
    if status == 200:
        response = signal.response_class()
        if expected == MEDIA_TYPES[JSON]:
            json_format.Parse(body, response)
        else:
            response.ParseFromString(body)
        return Reply(code=0, http_status=200, response=response, headers=headers)
    parsed = parse_status(body, expected)
    retry_after = headers.get("retry-after")
    assert (retry_after is None) == (retry_delay_of(parsed) is None)
    return Reply(
        code=parsed.code,
        http_status=status,
        message=parsed.message,
        retry_after_s=float(retry_after) if retry_after else None,
        headers=headers,
    )


def parse_status(body: bytes, media_type: str) -> Any:
    """`google.rpc.Status` in the encoding that the reply claims."""
    status = status_pb2.Status()
    if media_type == MEDIA_TYPES[JSON]:
        json_format.Parse(body, status)
    else:
        status.ParseFromString(body)
    assert status.code != 0
    assert status.message
    return status


class RawHttp:
    """A socket to the HTTP port, for bytes that no client library would send."""

    def __init__(self, base_url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        url = urlsplit(base_url)
        self.host = url.netloc
        self.socket = socket.create_connection((url.hostname or "", url.port or 0), timeout=timeout_s)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def head(self, *lines: str, path: str = "/v1/traces", method: str = "POST", host: str | None = None) -> None:
        """A request head; Host is added, nothing else."""
        text = "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host or self.host}", *lines, "", ""])
        self.send(text.encode("latin-1"))

    def reply(self, signal: Signal = BY_NAME["traces"], *, content_type: str = "application/x-protobuf") -> Reply:
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        return http_reply(
            answer.status, dict(answer.getheaders()), answer.read(), signal, {"content-type": content_type}
        )

    def is_closed(self, within_s: float = 5.0) -> bool:
        """Whether the collector closes the connection in time; what it still sends is thrown away."""
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(65536):
                    return True
            except TimeoutError:
                return False
            except ConnectionError:
                return True
        return False

    def __enter__(self) -> RawHttp:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
