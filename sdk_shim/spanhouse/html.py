"""A trace as HTML, for notebooks.

Owns: one self-contained fragment: the tree with its timings, and for each span its messages, inputs, outputs and
attributes. No scripts and nothing from the network; everything from a trace is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import orjson

from spanhouse import semconv
from spanhouse.text import depths_of, duration

if TYPE_CHECKING:
    from spanhouse.trace_data import Span, Trace

SPANS_MAX = 200
VALUE_CHARACTERS_MAX = 4_000
OF_MESSAGES = {semconv.INPUT_MESSAGES, semconv.OUTPUT_MESSAGES}
OF_VALUES = {
    *(semconv.INPUT, semconv.INPUT_MIME_TYPE, semconv.OUTPUT, semconv.OUTPUT_MIME_TYPE),
    *(semconv.TOOL_ARGUMENTS, semconv.TOOL_RESULT),
}

STYLE = """<style>
.sh-trace{font:13px/1.45 system-ui,sans-serif;border:1px solid #8884;border-radius:6px;padding:8px 12px;max-width:70em}
.sh-trace summary{cursor:pointer;display:flex;gap:.6em;align-items:center}
.sh-trace summary::before{content:'▸';opacity:.5;width:.7em}
.sh-trace details[open]>summary::before{content:'▾'}
.sh-trace .n{flex:1;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.sh-trace .t{opacity:.65;font-size:11px;border:1px solid #8886;border-radius:4px;padding:0 4px}
.sh-trace .b{width:14em;height:.5em;background:#8882;position:relative;border-radius:2px}
.sh-trace .b i{position:absolute;top:0;height:100%;min-width:2px;background:#4a7dd6;border-radius:2px}
.sh-trace .e .b i{background:#d64a4a}.sh-trace .e .n{color:#c33}
.sh-trace .d{min-width:5em;text-align:right;font-variant-numeric:tabular-nums}
.sh-trace pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.2em 0 .6em;padding:.4em .6em;
background:#8881;border-radius:4px}
.sh-trace .k{opacity:.65;font-size:11px;margin-top:.3em}
</style>"""


def trace_html(trace: Trace) -> str:
    """The fragment."""
    info = trace.info
    facts = [info.state, duration(info.duration_ns)]
    if info.total_tokens:
        facts.append(f"{info.total_tokens} tokens")
    if info.cost_usd is not None:
        facts.append(f"${info.cost_usd:.4f}")
    told = escape(" · ".join([*facts, info.trace_id]))
    head = f"<b>{escape(info.name or info.trace_id)}</b> <span class='k'>{told}</span>"
    starts = [span.start_time_ns for span in trace.spans]
    ends = [span.end_time_ns or span.start_time_ns for span in trace.spans]
    origin = min(starts, default=0)
    total = max(max(ends, default=0) - origin, 1)
    rows = [
        _row(span, depth, (span.start_time_ns - origin) / total, (span.duration_ns or 0) / total)
        for span, depth in list(zip(trace.spans, depths_of(trace.spans), strict=True))[:SPANS_MAX]
    ]
    if len(trace.spans) > SPANS_MAX:
        rows.append(f"<div class='k'>… {len(trace.spans) - SPANS_MAX} more spans</div>")
    return f"{STYLE}<div class='sh-trace'>{head}{''.join(rows)}</div>"


def _row(span: Span, depth: int, offset: float, width: float) -> str:
    mark = " e" if span.status.status_code == "ERROR" else ""
    bar = f"<span class='b'><i style='left:{offset:.1%};width:{width:.1%}'></i></span>"
    line = (
        f"<summary style='padding-left:{depth * 1.2:.1f}em'><span class='n'>{escape(span.name)}</span>"
        f"<span class='t'>{escape(span.span_type)}</span>{bar}"
        f"<span class='d'>{duration(span.duration_ns)}</span></summary>"
    )
    body = f"<div style='padding-left:{depth * 1.2 + 1:.1f}em'>{_body(span)}</div>"
    return f"<details class='s{mark}'>{line}{body}</details>"


def _body(span: Span) -> str:
    parts = []
    if span.status.description:
        parts.append(_block("error", span.status.description))
    parts.append(_block("system", span.columns.get("system_text")))
    messages = span.messages
    said = [*(messages.get("input") or ()), *(messages.get("output") or ())]
    parts += [_block(str(message.get("role", "")), _message_text(message)) for message in said]
    if not said:
        parts += [_block("input", span.inputs), _block("output", span.outputs)]
    rest = sorted(span.attributes.keys() - (OF_MESSAGES if said else OF_VALUES))  # what is shown is not shown twice
    parts.append(_block("attributes", {key: span.attributes[key] for key in rest}))
    return "".join(parts)


def _message_text(message: Mapping[str, Any]) -> Any:
    parts = message.get("parts") or []
    texts = [part.get("content") for part in parts if part.get("type") == "text"]
    return "\n".join(map(str, texts)) if texts and len(texts) == len(parts) else parts


def _block(label: str, value: Any) -> str:
    if value in (None, "", {}, []):
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value, str, orjson.OPT_INDENT_2).decode()
    if len(text) > VALUE_CHARACTERS_MAX:
        text = f"{text[:VALUE_CHARACTERS_MAX]}… [{len(text)} characters]"
    return f"<div class='k'>{escape(label)}</div><pre>{escape(text)}</pre>"
