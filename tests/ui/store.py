"""A store that looks like a day of an application, and one span with every hostile value: what the UI's tests look at.

Owns the OTLP/JSON of it, deterministic but for the moment it ends at. Ids are counted, so that tests can name them.
"""

from __future__ import annotations

import json
import random
import urllib.request
from collections.abc import Iterator
from typing import Any, Final

Span = dict[str, Any]
HOSTILE_TRACE: Final = "badbadbadbadbadbadbadbadbadbadba"
DEEP_TRACE: Final = "deadbeefdeadbeefdeadbeefdeadbeef"
LARGE_TRACE: Final = "50505050505050505050505050505050"
BROKEN_TRACE: Final = "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0"
MARKUP: Final = "<img src=x onerror=alert(1)><script>alert(1)</script>"
JAVASCRIPT_LINK: Final = "[click](javascript:alert(1)) and [docs](/etc) and [ok](https://example.com/a)"
RIGHT_TO_LEFT: Final = "\u202eevil\u202c مرحبا"
NULLS: Final = "a\u0000b\u0001c\u001b[31m"
LONG_CHARS: Final = 10_000_000
_SECOND: Final = 1_000_000_000
_MODELS: Final = (
    ("gpt-4o-2024-08-06", "openai", 0.5),
    ("gpt-4.1-mini", "openai", 0.3),
    ("claude-sonnet-4-5", "anthropic", 0.2),
)
_STACK: Final = (
    'Traceback (most recent call last):\n  File "app/agent.py", line 42, in run\n    return tool(query)\n'
    '  File "app/tools.py", line 7, in tool\n    raise TimeoutError(...)\nTimeoutError: '
)
_QUESTIONS: Final = (
    "How many vacation days do I have left?",
    "What is the refund policy for opened items?",
    "Book a table for four on Friday at seven.",
    "Why was my invoice higher this month?",
    "Summarise the open incidents of this week.",
    "Compare the two hotels near the station.",
)
_ANSWERS: Final = (
    "You have **11 days** left this year. Up to five carry over:\n\n- book six before December\n- ask for the rest",
    "Opened items can be returned within 14 days; a fee of 10 % applies.",
    "Done: Friday, 19:00, four people. The confirmation is in your inbox.",
    "Your plan changed on the 3rd, so this invoice has 28 days of the new price.",
)
_USERS: Final = ("tom.becker", "noor.haddad", "li.wei", "ana.souza", "")


def value(of: Any) -> dict[str, Any]:
    """An AnyValue."""
    if isinstance(of, bool):
        return {"boolValue": of}
    if isinstance(of, int):
        return {"intValue": str(of)}
    if isinstance(of, float):
        return {"doubleValue": of}
    return {"stringValue": of if isinstance(of, str) else json.dumps(of)}


def attributes(of: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(item)} for key, item in of.items()]


def span(trace_id: str, span_id: str, parent: str, name: str, start: int, duration: int, **more: Any) -> Span:
    error = more.pop("error", None)
    made: Span = {
        "traceId": trace_id,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + duration),
        "attributes": attributes(more.pop("attributes", {})),
        **more,
    }
    if error:
        made["status"] = {"code": 2, "message": error}
        made["events"] = [
            {
                "name": "exception",
                "timeUnixNano": str(start + duration),
                "attributes": attributes(
                    {
                        "exception.type": "TimeoutError",
                        "exception.message": error,
                        "exception.stacktrace": f"{_STACK}{error}",
                    }
                ),
            }
        ]
    return made


def message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def agent_trace(number: int, start: int, dice: random.Random, session: str, user: str) -> list[Span]:
    """One run of an agent: a model, a tool, a retriever, a model again; some fail, some are slow."""
    trace_id = f"{number:032x}"
    root, *ids = (f"{number:08x}{place:08x}" for place in range(1, 6))
    model, provider, _ = dice.choices(_MODELS, [weight for *_, weight in _MODELS])[0]
    question, answer = dice.choice(_QUESTIONS), dice.choice(_ANSWERS)
    slow = 6 if dice.random() < 0.06 else 1
    error = "the account service did not answer within 2 s" if dice.random() < 0.12 else None
    common = {"session.id": session, "gen_ai.conversation.id": session, **({"user.id": user} if user else {})}
    ms = _SECOND // 1000
    first, tool, search, second = (dice.randint(200, 900) * ms * slow for _ in range(4))
    customer, result, call_id = user or "guest", "plan: standard, since 2024", f"call_{number:04x}"
    call = {"type": "tool_call", "id": call_id, "name": "lookup_account", "arguments": {"customer": customer}}
    history = [message("system", "You answer questions of customers. Look facts up."), message("user", question)]
    asked = [
        *history,
        {"role": "assistant", "parts": [call]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": call_id, "response": result}]},
    ]

    def child(place: int, name: str, at: int, took: int, of: dict[str, Any], failure: str | None = None) -> Span:
        return span(trace_id, ids[place], root, name, at, took, attributes={**common, **of}, error=failure)

    def chat(place: int, at: int, took: int, said: list[Any], out: dict[str, Any], tokens: int) -> Span:
        usage = {"gen_ai.usage.input_tokens": tokens, "gen_ai.usage.output_tokens": tokens // 5}
        names = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider, "gen_ai.request.model": model}
        content = {"gen_ai.input.messages": said, "gen_ai.output.messages": [out]}
        first_token = {"gen_ai.response.time_to_first_chunk": took / 3e9, "gen_ai.response.model": model}
        return child(place, f"chat {model}", at, took, {**names, **usage, **content, **first_token})

    called = {"role": "assistant", "parts": [call], "finish_reason": "tool_call"}
    lookup = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup_account"}
    lookup |= {"gen_ai.tool.call.id": call_id, "gen_ai.tool.call.result": result}
    end = start + 10 * ms + first + tool + search
    spans = [
        chat(0, start + 5 * ms, first, history, called, dice.randint(200, 2000)),
        child(1, "execute_tool lookup_account", start + 10 * ms + first, tool, lookup, error),
        child(2, "search_handbook", end - search, search, retrieval(question)),
    ]
    if error is None:
        said = {**message("assistant", answer), "finish_reason": "stop"}
        spans.append(chat(3, end, second, asked, said, dice.randint(400, 4000)))
        end += second
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support", "input.value": question}
    agent |= {"output.value": "" if error else answer, "spanhouse.trace.tag.release": f"v{number % 3}", **common}
    return [span(trace_id, root, "", "invoke_agent support", start, end - start, attributes=agent, error=error), *spans]


def retrieval(question: str) -> dict[str, Any]:
    """Attributes of a retriever that found three documents."""
    found: dict[str, Any] = {"openinference.span.kind": "RETRIEVER", "input.value": question}
    for at, text in enumerate(_ANSWERS[:3]):
        prefix = f"retrieval.documents.{at}.document"
        found |= {f"{prefix}.content": text, f"{prefix}.score": 0.9 - at * 0.21, f"{prefix}.id": f"handbook/{at}"}
    return found


def hostile_trace(start: int) -> list[Span]:
    """Markup, scripts, directions, nulls, ten megabytes, depth, unknown roles: in every field that holds text."""
    deep: Any = "bottom"
    for _ in range(400):
        deep = {"deeper": deep}
    ids = iter(f"bad{place:013x}" for place in range(1, 20))
    root = next(ids)
    texts = {
        "markup": MARKUP,
        "link": JAVASCRIPT_LINK,
        "rtl": RIGHT_TO_LEFT,
        "nulls": NULLS,
        "deep": json.dumps(deep),
        f"key {MARKUP}": "v",
        "big": 2**62,
    }
    odd: list[dict[str, Any]] = [
        {"role": MARKUP, "parts": [{"type": "text", "content": JAVASCRIPT_LINK}]},
        {"role": "user", "parts": [{"type": MARKUP, "content": RIGHT_TO_LEFT}, {"type": "text", "content": NULLS}]},
        {
            "role": "assistant",
            "parts": [
                {"type": "text", "content": f"# {MARKUP}\n\n![x](http://127.0.0.1:9/x.png)\n\n{JAVASCRIPT_LINK}"}
            ],
        },
        {"role": "", "parts": []},
    ]
    said = {"input.value": MARKUP, "output.value": JAVASCRIPT_LINK, "session.id": MARKUP, "user.id": RIGHT_TO_LEFT}
    call: dict[str, Any] = {"gen_ai.operation.name": "chat", "gen_ai.request.model": MARKUP}
    call |= {"gen_ai.input.messages": odd, "gen_ai.output.messages": odd[2:3]}
    long = {"input.value": "x" * LONG_CHARS, "output.value": json.dumps(deep)}
    name, half = MARKUP + RIGHT_TO_LEFT, _SECOND // 2
    return [
        span(HOSTILE_TRACE, root, "", name, start, _SECOND, attributes=texts | said, error=MARKUP),
        span(HOSTILE_TRACE, next(ids), root, NULLS, start + 1000, half, attributes=call),
        span(HOSTILE_TRACE, next(ids), root, "ten megabytes", start + 2000, half, attributes=long),
    ]


def broken_trace(start: int) -> list[Span]:
    """A parent that never came, parents in a circle, a span that is not over."""
    running = span(BROKEN_TRACE, "b0b0000000000005", "b0b0000000000001", "still running", start, 1)
    return [
        span(BROKEN_TRACE, "b0b0000000000001", "", "root", start, 2 * _SECOND),
        span(BROKEN_TRACE, "b0b0000000000002", "b0b00000000000ff", "orphan", start + 1000, _SECOND),
        span(BROKEN_TRACE, "b0b0000000000003", "b0b0000000000004", "circle one", start + 2000, _SECOND),
        span(BROKEN_TRACE, "b0b0000000000004", "b0b0000000000003", "circle two", start + 3000, _SECOND),
        {**running, "endTimeUnixNano": "0"},
    ]


def large_trace(start: int, spans: int) -> list[Span]:
    """A tree of many spans, ten to a node."""
    ids = [f"5050{place:012x}" for place in range(1, spans + 1)]
    return [
        span(
            LARGE_TRACE,
            ids[at],
            ids[(at - 1) // 10] if at else "",
            f"step {at}" if at % 7 else f"chat {at}",
            start + at * 1000,
            max(1, spans - at) * 1000,
            attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"} if at % 7 == 0 else {},
            error="boom" if at % 4999 == 4998 else None,
        )
        for at in range(spans)
    ]


def day(end: int, traces: int = 240) -> Iterator[tuple[str, list[Span]]]:
    """Services and spans of the day before `end`, sessions of one to four turns."""
    dice = random.Random(7)
    number = 1
    while number <= traces:
        turns = dice.randint(1, 4)
        began = end - int(dice.random() ** 1.4 * 86_000 * _SECOND) - 300 * _SECOND
        user = dice.choice(_USERS)
        for turn in range(turns):
            at = began + turn * dice.randint(20, 90) * _SECOND
            yield (
                "support-api" if number % 5 else "batch-jobs",
                agent_trace(number, at, dice, f"s-{number - turn:04d}", user),
            )
            number += 1


def send(http: str, service: str, spans: list[Span], project: str = "shop") -> None:
    """Export and wait for the answer."""
    body = {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes({"service.name": service})},
                "scopeSpans": [{"scope": {"name": "tests.ui", "version": "1"}, "spans": spans}],
            }
        ]
    }
    _post(f"{http}/v1/traces", body, project)


def send_logs_and_metrics(http: str, end: int, project: str = "shop") -> None:
    """Some log records, one of them with a span, and two metrics over an hour."""
    resource = {"attributes": attributes({"service.name": "support-api"})}
    records = [
        {
            "timeUnixNano": str(end - at * 30 * _SECOND),
            "severityNumber": 17 if at % 9 == 0 else 9,
            "severityText": "ERROR" if at % 9 == 0 else "INFO",
            "body": value(f"request {at} {'failed: ' + MARKUP if at % 9 == 0 else 'served'}"),
            "attributes": attributes({"http.route": "/chat", "n": at}),
            **({"traceId": f"{1:032x}", "spanId": f"{1:08x}{1:08x}"} if at == 0 else {}),
        }
        for at in range(60)
    ]
    _post(
        f"{http}/v1/logs", {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}, project
    )
    points = [
        {
            "timeUnixNano": str(end - at * 60 * _SECOND),
            "startTimeUnixNano": str(end - 3600 * _SECOND),
            "attributes": attributes({"route": route}),
        }
        for at in range(60)
        for route in ("/chat", "/health")
    ]
    metrics = [
        {
            "name": "process.memory.usage",
            "unit": "By",
            "gauge": {
                "dataPoints": [{**point, "asInt": str(200_000_000 + at * 1_000_000)} for at, point in enumerate(points)]
            },
        },
        {
            "name": "http.server.request.duration",
            "unit": "s",
            "histogram": {
                "aggregationTemporality": 1,
                "dataPoints": [
                    {
                        **point,
                        "count": "10",
                        "sum": 1.5 + at / 100,
                        "min": 0.01,
                        "max": 0.6,
                        "bucketCounts": ["4", "4", "2"],
                        "explicitBounds": [0.1, 0.5],
                    }
                    for at, point in enumerate(points)
                ],
            },
        },
    ]
    _post(
        f"{http}/v1/metrics",
        {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": metrics}]}]},
        project,
    )


def fill(http: str, end: int, traces: int = 240) -> None:
    """Everything but the large trace."""
    by_service: dict[str, list[Span]] = {}
    for service, spans in day(end, traces):
        by_service.setdefault(service, []).extend(spans)
    for service, spans in by_service.items():
        for at in range(0, len(spans), 500):
            send(http, service, spans[at : at + 500])
    send(http, "hostile", hostile_trace(end - 200 * _SECOND))
    send(http, "broken", broken_trace(end - 100 * _SECOND))
    send_logs_and_metrics(http, end)


def _post(url: str, body: dict[str, Any], project: str) -> None:
    headers = {"content-type": "application/json", "x-spanhouse-project": project}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200, answer.read()
