"""Replies to exporters, as protobuf and as JSON: success, partial success, `google.rpc.Status`.

Owns their bytes. Leaves statuses and headers of HTTP and the trailers of gRPC to the receiver.

Source: OTLP specification, "Full Success", "Partial Success", "Failures", "OTLP/HTTP Throttling".
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from spanhouse_collector.errors import INTERNAL, Overloaded, RequestError, SpanhouseError
from spanhouse_collector.otlp.body import JSON
from spanhouse_collector.otlp.signals import Signal

MESSAGE_MAX_BYTES: Final = 4096  # a reply must stay small, whatever the request held
# gRPC sends a Status in trailers: its text percent-encoded and, twice, in base64. Clients drop trailers beyond 8 KiB.
STATUS_MESSAGE_MAX_BYTES: Final = 1000
_TYPE_PREFIX: Final = "type.googleapis.com/google.rpc."


def success(signal: Signal, rejected: int, message: str, media_type: str) -> bytes:
    """The export response; `partial_success` is present exactly when there is something to say."""
    message = shorten(message)
    if media_type == JSON:
        if not rejected and not message:
            return b"{}"
        descriptor: Any = signal.response_class.DESCRIPTOR.fields_by_name["partial_success"].message_type
        partial: dict[str, Any] = {descriptor.fields_by_name[signal.rejected_field].json_name: str(rejected)}
        if message:
            partial["errorMessage"] = message
        return orjson.dumps({"partialSuccess": partial})
    if not rejected and not message:
        return b""
    partial_fields: dict[str, Any] = {signal.rejected_field: rejected, "error_message": message}
    return signal.response_class(partial_success=partial_fields).SerializeToString()


def status(error: SpanhouseError | None) -> status_pb2.Status:
    """The Status of an error; None is a fault of ours, of which the sender learns nothing but that."""
    if error is None:
        return status_pb2.Status(code=INTERNAL, message="internal error")
    reply = status_pb2.Status(code=error.grpc_code, message=shorten(str(error), STATUS_MESSAGE_MAX_BYTES))
    if isinstance(error, Overloaded):
        reply.details.append(_packed(retry_info(error), "RetryInfo"))
    elif isinstance(error, RequestError):
        violation = error_details_pb2.BadRequest.FieldViolation(description=reply.message)
        reply.details.append(_packed(error_details_pb2.BadRequest(field_violations=[violation]), "BadRequest"))
    return reply


def status_body(error: SpanhouseError | None, media_type: str) -> bytes:
    """The Status as a response body in the request's own encoding."""
    reply = status(error)
    if media_type != JSON:
        return bytes(reply.SerializeToString())
    details: list[dict[str, Any]] = []
    if isinstance(error, Overloaded):
        details.append({"@type": f"{_TYPE_PREFIX}RetryInfo", "retryDelay": f"{error.retry_after_s}s"})
    elif isinstance(error, RequestError):
        violations = [{"description": reply.message}]
        details.append({"@type": f"{_TYPE_PREFIX}BadRequest", "fieldViolations": violations})
    return orjson.dumps({"code": reply.code, "message": reply.message, "details": details})


def retry_info(error: Overloaded) -> error_details_pb2.RetryInfo:
    """When the sender may try again."""
    return error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=error.retry_after_s))


def shorten(text: str, max_bytes: int = MESSAGE_MAX_BYTES) -> str:
    """At most `max_bytes` of UTF-8, and no character that a log or a terminal would act on."""
    clean = "".join(character if character.isprintable() else " " for character in text[: max_bytes + 1])
    encoded = clean.encode("utf-8", "replace")
    if len(encoded) <= max_bytes:
        return encoded.decode()
    return encoded[: max_bytes - 3].decode("utf-8", "ignore") + "…"


def _packed(message: Any, name: str) -> any_pb2.Any:
    return any_pb2.Any(type_url=_TYPE_PREFIX + name, value=message.SerializeToString())
