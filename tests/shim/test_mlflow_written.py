"""Traces that MLflow itself wrote are read: dicts and JSON of its versions 3 and 2."""

from __future__ import annotations

import base64
from typing import Any

import orjson

from spanhouse import Span, Trace, TraceInfo
from spanhouse.entities import Link, SpanEvent

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
ROOT, CALL = "b7ad6b7169203331", "00f067aa0ba902b7"
START = 1_767_225_600_000_000_000


def base64_of(hex_id: str) -> str:
    return base64.b64encode(bytes.fromhex(hex_id)).decode()


def dumped(**attributes: Any) -> dict[str, str]:
    own = {"traceRequestId": f"tr-{TRACE_ID}", "experimentId": "7", **attributes}
    return {f"mlflow.{key}" if "." not in key else key: orjson.dumps(value).decode() for key, value in own.items()}


def version_3() -> dict[str, Any]:
    shared = {"trace_id": base64_of(TRACE_ID), "links": [], "start_time_unix_nano": START}
    call = {
        **shared, "span_id": base64_of(CALL), "parent_span_id": base64_of(ROOT), "name": "chat",
        "end_time_unix_nano": START + 1, "status": {"code": "STATUS_CODE_ERROR", "message": "no"},
        "events": [{"name": "exception", "time_unix_nano": START, "attributes": {"exception.type": "ValueError"}}],
        "links": [{"trace_id": f"tr-{TRACE_ID}", "span_id": ROOT, "attributes": {"why": "retry"}}],
        "attributes": dumped(spanType="CHAT_MODEL", spanInputs=[{"role": "user"}], spanOutputs="answer",
                             spanLogLevel=20, spanDescription="a call",
                             **{"mlflow.chat.tokenUsage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
                                "mlflow.llm.cost": {"total_cost": 0.5}, "mlflow.llm.model": "gpt-5", "my.key": [1]}),
    }  # fmt: skip
    root = {
        **shared, "span_id": base64_of(ROOT), "parent_span_id": None, "name": "root",
        "end_time_unix_nano": START + 2_000_000, "status": {"code": "STATUS_CODE_OK", "message": ""}, "events": [],
        "attributes": dumped(spanType="TOOL", spanInputs={"q": 1}, spanOutputs=2),
    }  # fmt: skip
    info = {
        "trace_id": f"tr-{TRACE_ID}",
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "7"}},
        "request_time": "2026-01-01T00:00:00.250Z", "execution_duration_ms": 2, "state": "ERROR",
        "request_preview": "asked", "response_preview": "answered", "client_request_id": "req-1",
        "tags": {"mlflow.traceName": "root", "env": "prod"},
        "trace_metadata": {"mlflow.trace.session": "s-1", "mlflow.trace.user": "ann",
                           "mlflow.trace.tokenUsage": '{"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}',
                           "mlflow.trace.cost": '{"total_cost": 0.5}'},
        "assessments": [{"assessment_id": "a-1", "assessment_name": "good", "trace_id": f"tr-{TRACE_ID}",
                         "source": {"source_type": "HUMAN", "source_id": "ann"}, "feedback": {"value": True},
                         "create_time": "2026-01-01T00:00:01Z", "valid": True}],
    }  # fmt: skip
    return {"info": info, "data": {"spans": [call, root]}}


def test_a_trace_of_version_3_is_read_whole() -> None:
    trace = Trace.from_json(orjson.dumps(version_3()))
    info = trace.info
    assert (info.trace_id, info.name, info.state, info.experiment_id) == (TRACE_ID, "root", "ERROR", "7")
    assert (info.start_time_unix_nano, info.execution_duration) == (START + 250_000_000, 2)
    assert (info.session_id, info.user_id, info.client_request_id) == ("s-1", "ann", "req-1")
    assert info.token_usage == {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    assert (info.cost, info.request_preview) == ({"total_cost": 0.5}, "asked")
    assert [(item.name, item.value, item.create_time_ms) for item in info.assessments] == [
        ("good", True, START // 1_000_000 + 1000)
    ]
    root, call = trace.spans
    assert (root.trace_id, root.span_id, root.parent_id) == (TRACE_ID, ROOT, None)
    assert (root.inputs, root.outputs, root.span_type, root.status) == ({"q": 1}, 2, "TOOL", ("OK", ""))
    assert (root.start_time_ns, root.end_time_ns) == (START, START + 2_000_000)
    assert (call.span_id, call.parent_id, call.status) == (CALL, ROOT, ("ERROR", "no"))
    assert (call.inputs, call.outputs, call.description, call.log_level) == (
        [{"role": "user"}], "answer", "a call", "INFO",
    )  # fmt: skip
    assert (call.model_name, call.llm_cost) == ("gpt-5", 0.5)
    assert call.token_usage == {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    assert call.attributes["my.key"] == [1]
    assert call.events == [SpanEvent("exception", START, {"exception.type": "ValueError"})]
    assert call.links == [Link(TRACE_ID, ROOT, {"why": "retry"})]
    assert trace.search_spans(span_type="CHAT_MODEL") == [call]


def test_what_was_read_is_written_and_read_again_in_our_shape() -> None:
    trace = Trace.from_dict(version_3())
    assert Trace.from_json(trace.to_json()) == trace
    assert Span.from_dict(trace.spans[0].to_dict()) == trace.spans[0]


def test_a_trace_of_version_2_is_read_whole() -> None:
    request = "5f8f9c474da72de5bb8e278cfbbcba71"
    span = {
        "name": "root", "context": {"span_id": f"0x{ROOT}", "trace_id": f"0x{TRACE_ID}"}, "parent_id": None,
        "start_time": START, "end_time": START + 5, "status_code": "OK", "status_message": "",
        "attributes": {"mlflow.traceRequestId": f'"{request}"', "mlflow.spanType": '"LLM"',
                       "mlflow.spanInputs": '{"q": 1}'},
        "events": [{"name": "e", "timestamp": START, "attributes": {"a": 1}}],
    }  # fmt: skip
    info = {"request_id": request, "experiment_id": "0", "timestamp_ms": START // 1_000_000, "execution_time_ms": 9,
            "status": "OK", "request_metadata": {"mlflow.traceInputs": "in"}, "tags": {}}  # fmt: skip
    trace = Trace.from_dict({"info": info, "data": {"spans": [span], "request": '{"q": 1}', "response": "null"}})
    assert (trace.info.trace_id, trace.info.state, trace.info.execution_time_ms) == (request, "OK", 9)
    assert (trace.info.request_metadata, trace.info.request_preview) == ({"mlflow.traceInputs": "in"}, "in")
    (root,) = trace.spans
    assert (root.trace_id, root.span_id, root.inputs, root.end_time_ns) == (request, ROOT, {"q": 1}, START + 5)
    assert root.events == [SpanEvent("e", START, {"a": 1})]


def test_durations_of_protobuf_are_read() -> None:
    info = TraceInfo.from_dict({"trace_id": f"tr-{TRACE_ID}", "request_time": "2026-01-01T00:00:00Z",
                                "execution_duration": "1.250s", "trace_location": {}})  # fmt: skip
    assert (info.duration_ns, info.start_time_unix_nano, info.project) == (1_250_000_000, START, "default")


def test_ids_that_are_neither_hex_nor_base64_stay() -> None:
    span = Span.from_dict({"trace_id": "trace:/main.schema/abc", "span_id": "?", "status": {}, "name": "n"})
    assert (span.trace_id, span.span_id, span.status.status_code) == ("trace:/main.schema/abc", "?", "UNSET")
