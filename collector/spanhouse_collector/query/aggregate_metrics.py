"""What an aggregate can compute.

Owns the metrics by name, over spans and over traces, and functions of any field: `avg(attributes.score)`. Tokens and
dollars are those of spans that own them, so they add up whatever is grouped by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.query.filter import CompiledField, Kind, Table
from spanhouse_collector.query.filter.names import Unit
from spanhouse_collector.query.search_pages import order_field

Of = Literal["spans", "traces"]
_OWN: Final = "usage_scope = 'own'"
_TOKENS: Final = (
    *("input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_write_input_tokens"),
    "reasoning_output_tokens",
)
_QUANTILES: Final = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_BOTH: Final = {
    "count": "count()",
    "avg_duration_ns": "avg(duration_ns)",
    "max_duration_ns": "max(duration_ns)",
    **{name: f"quantile({share})(duration_ns)" for name, share in _QUANTILES.items()},
    "session_count": "uniqExactIf(session_id, session_id != '')",
    "user_count": "uniqExactIf(user_id, user_id != '')",
}
_TOTAL: Final = "ifNull(total_tokens, ifNull(input_tokens, 0) + ifNull(output_tokens, 0))"
METRICS: Final[dict[Of, dict[str, str]]] = {
    "spans": {
        **_BOTH,
        "trace_count": "uniqExact(project, trace_id)",
        "error_count": "countIf(is_error)",
        "error_rate": "if(count() = 0, 0, countIf(is_error) / count())",
        **{name: f"sumIf(ifNull({name}, 0), {_OWN})" for name in _TOKENS},
        "total_tokens": f"sumIf({_TOTAL}, {_OWN})",
        "cost_usd": f"sumIf(ifNull(cost_usd, 0), {_OWN})",
        "ttft_p50_ns": "quantile(0.5)(ttft_ns)",
        "ttft_p95_ns": "quantile(0.95)(ttft_ns)",
    },
    "traces": {
        **_BOTH,
        "trace_count": "count()",
        "span_count": "sum(span_count)",
        "error_count": "countIf(state = 'ERROR')",
        "error_rate": "if(count() = 0, 0, countIf(state = 'ERROR') / count())",
        **{name: f"sum({name})" for name in _TOKENS[:3]},
        "cost_usd": "sum(ifNull(cost_usd, 0))",
    },
}
NAMED_BY_THE_TRACE: Final = ("session_id", "user_id")
_CALL: Final = re.compile(r"(\w+)\((.+)\)", re.DOTALL)
_FUNCTIONS: Final = {
    "sum": "sum({})",
    "avg": "avg({})",
    "min": "min({})",
    "max": "max({})",
    **{name: f"quantile({share})({{}})" for name, share in _QUANTILES.items()},
}
_NUMBERS: Final = {Kind.INTEGER, Kind.FLOAT, Kind.DURATION, Kind.BOOLEAN}


@dataclass(frozen=True)
class Computed:
    """SQL of a metric or of something to group by.

    `of_trace`: SQL over a row of `traces`, whose value stands in the rows under `of_trace_name`.
    """

    name: str
    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)
    of_trace: str = ""
    of_trace_name: str = ""


def unit_of(of: Of) -> Unit:
    """The unit that filters over these rows have."""
    return "span" if of == "spans" else "trace"


def metric(name: str, of: Of, number: int) -> Computed:
    """A metric by its name.

    Raises:
        FilterInvalid: a function of a field that does not exist.
        MalformedRequest: no such metric, or a function that the field's values have no answer to.

    """
    if name in METRICS[of]:
        return Computed(name, METRICS[of][name])
    call = _CALL.fullmatch(name.strip())
    if call is None or call[1].lower() not in (*_FUNCTIONS, "distinct"):
        raise MalformedRequest(
            f"metrics: there is no {name[:80]!r} of {of}",
            hint=f"{', '.join(METRICS[of])}; and {', '.join([*_FUNCTIONS, 'distinct'])} of a field: avg(ttft_ns)",
        )
    found = column(call[2], of, f"m{number}_")
    if call[1].lower() == "distinct":
        return Computed(name, f"uniqExact({found.sql})", dict(found.parameters))
    value = f"toFloat64OrNull({found.sql})" if found.kind is Kind.ATTRIBUTE else found.sql
    if found.kind is not Kind.ATTRIBUTE and found.kind not in _NUMBERS:
        raise MalformedRequest(
            f"metrics: {found.name} ({found.kind.value}) is no number", hint=f"distinct({found.name})"
        )
    return Computed(name, _FUNCTIONS[call[1].lower()].format(value), dict(found.parameters))


def grouping(name: str, of: Of, number: int) -> Computed:
    """A field to group by: text is '' and numbers NULL where there is no value; of a list, each of its values.

    Spans are also grouped by what their trace has; and by its session and user where they name none themselves: often
    the root alone does, and the tokens are on the calls below it.

    Raises:
        FilterInvalid: no such field.
        MalformedRequest: not one of these rows.

    """
    found = order_field(name.strip(), unit=unit_of(of), prefix=f"g{number}_")
    sql, of_trace, of_trace_name = found.sql, "", f"of_trace_{number}"
    if of == "traces":
        found = column(name, of, f"g{number}_")
    elif found.table is Table.TRACES:
        sql, of_trace = of_trace_name, found.sql
    elif found.name in NAMED_BY_THE_TRACE:
        of_trace = found.name
        sql = f"if({found.name} != '', {found.name}, {of_trace_name})"
    if found.kind is Kind.TEXTS:
        sql = f"toString(arrayJoin(emptyArrayToSingle({sql})))"
    elif found.kind is Kind.TIME:
        sql = f"toUnixTimestamp64Nano({sql})"
    elif found.kind in (Kind.TEXT, Kind.ATTRIBUTE):
        sql = f"toString(ifNull({sql}, ''))"
    return Computed(name, sql, dict(found.parameters), of_trace, of_trace_name)


def column(name: str, of: Of, prefix: str) -> CompiledField:
    """A field that these rows have.

    Raises:
        FilterInvalid: no such field.
        MalformedRequest: not one of these rows.

    """
    found = order_field(name.strip(), unit=unit_of(of), prefix=prefix)
    others = Table.TRACES if of == "spans" else Table.SPANS
    if found.table is others:
        wanted = "traces" if of == "spans" else "spans"
        raise MalformedRequest(f"{found.name} is a field of {wanted}", hint=f'say "of": "{wanted}"')
    return found
