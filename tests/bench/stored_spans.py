"""`python -m tests.bench.stored_spans DIRECTORY --spans 20000000`: a data directory full of spans, in minutes.

Owns: GenAI spans made inside the engine by one INSERT … SELECT a batch, as the mapping would have filled them: agents
that chat, call tools and retrieve, in traces of three to six spans, over a week that ends now; and one large trace.
Leaves to others: asking them anything (`bar5_lists.py`, `bar6_aggregates.py`).

Everything follows from the number of a trace (`t`) and of a span in it (`j`), so any part of it can be made again. What
a question finds, whatever the size: a rare word stands in about `RARE_SPANS` spans, a common one in most prompts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spanhouse_collector.service import SETTLED_FILE
from spanhouse_collector.storage.engine import Connection, EmbeddedEngine, quoted
from spanhouse_collector.storage.schema import migrate
from tests.bench.genai import MODELS, SERVICES, TOOLS
from tests.bench.vocabulary import COMMON_WORDS

SPANS_PER_TRACE: Final = 4.5
WEEK_S: Final = 7 * 86_400
PROJECT: Final = "shop"  # four of five traces are its
COMMON_WORD: Final = "refund"
RARE_SPANS: Final = 7
TENANTS: Final = 1_000
MADE_FILE: Final = "made.json"
MAKING_FILE: Final = "making.json"
LARGE_TRACE_SPANS: Final = 50_000
LARGE_TRACE_ID: Final = "50000" + "0" * 26 + "1"
# Most of the week as few large inserts, as merges would have left it; the newest as small as segments are.
BATCH_SPANS: Final = 1_000_000
NEWEST_SPANS: Final = 300_000
NEWEST_BATCH_SPANS: Final = 30_000
MERGE_WAIT_S: Final = 1_800.0
_SETTINGS: Final = (
    "max_insert_threads = 1, max_threads = 2, max_block_size = 16384, min_insert_block_size_rows = 1100000, "
    "min_insert_block_size_bytes = 4000000000, max_partitions_per_insert_block = 1000"
)
_MERGES: Final = "SELECT count() FROM system.merges WHERE database = currentDatabase()"

_TYPES: Final = ("AGENT", "LLM", "TOOL", "RETRIEVER", "LLM", "TOOL")  # of the spans of a trace, in their order


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(quoted(text) for text in texts) + "]"


def _choice(texts: Sequence[str], number: str) -> str:
    return f"{_list(texts)}[1 + ({number}) % {len(texts)}]"


_ID_TAIL: Final = "cityHash64(t, 'id')"


def _hex(number: str) -> str:
    """SQL: sixteen digits."""
    return f"leftPad(lower(hex({number})), 16, '0')"


def _prose(seed: str, length: str) -> str:
    """SQL: that many words, the first of the list far more often than the last."""
    some = f"intHash64({seed} + word) % 65536 / 65536"
    return (
        f"arrayStringConcat(arrayMap(word -> words[1 + toUInt32({len(COMMON_WORDS)} * pow({some}, 2))], "
        f"range({length})), ' ')"
    )


def _times(spans: int, newest_unix_nano: int) -> str:
    """SQL: when a trace starts; they are spread evenly, 20 million spans with an eighth of a second between traces."""
    step = WEEK_S * 1_000_000_000 // max(1, int(spans / SPANS_PER_TRACE))
    first = newest_unix_nano - WEEK_S * 1_000_000_000
    return f"{first} + toInt64(t) * {step} + toInt64(h % {step})"


def _trace_columns(spans: int, newest_unix_nano: int) -> str:
    """What the spans of a trace share, of its number `t`."""
    return ",\n".join(
        [
            "cityHash64(t, 'trace') AS h",
            f"concat({_hex('h')}, {_hex(_ID_TAIL)}) AS id",
            f"if(h % 5 != 4, '{PROJECT}', if(h % 7 = 0, 'ops', 'lab')) AS project",
            f"{_choice(SERVICES, 'intDiv(h, 8)')} AS service",
            f"1 + intDiv(h, 64) % {len(MODELS)} AS model_number",
            f"{_list([provider for provider, _, _ in MODELS])}[model_number] AS provider",
            f"{_list([asked for _, asked, _ in MODELS])}[model_number] AS asked",
            f"{_list([answered for _, _, answered in MODELS])}[model_number] AS answered",
            "concat('conv_', toString(intDiv(h, 1024) % 2000000)) AS conversation",
            "concat('user-', toString(intDiv(h, 1024) % 50000)) AS person",
            f"concat('tenant-', toString(intDiv(h, 4096) % {TENANTS})) AS tenant",
            f"{_times(spans, newest_unix_nano)} AS started",
        ]
    )


def _span_columns() -> dict[str, str]:
    """Column of `spans` → SQL, of a trace's columns and `j`."""
    prompt = f"concat({_prose('g', '30 + g % 40')}, ' order ', rare)"
    return {
        "project": "project",
        "trace_id": "id",
        "span_id": _hex("g"),
        "parent_span_id": f"if(j = 0, '', {_hex('cityHash64(t, 0)')})",
        "name": "multiIf(kind_of = 'AGENT', concat('invoke_agent ', service), kind_of = 'LLM', concat('chat ', asked), "
        f"kind_of = 'TOOL', concat('execute_tool ', {_choice(TOOLS, 'g')}), 'search documents')",
        "kind": "if(kind_of IN ('LLM', 'RETRIEVER'), 'CLIENT', 'INTERNAL')",
        "start_time": "fromUnixTimestamp64Nano(start_ns, 'UTC')",
        "end_time": "fromUnixTimestamp64Nano(start_ns + took_ns, 'UTC')",
        "duration_ns": "took_ns",
        "status_code": "if(failed, 'ERROR', if(kind_of = 'LLM', 'OK', 'UNSET'))",
        "status_message": "if(failed, 'it took too long', '')",
        "service_name": "service",
        "scope_name": "'opentelemetry.instrumentation.openai_v2'",
        "scope_version": "'2.1'",
        "resource_attributes": "CAST((['service.name', 'service.instance.id', 'host.name', 'telemetry.sdk.language'], "
        "[service, concat(service, '-', toString(h % 4)), concat('node-', toString(h % 12)), 'python']), "
        "'Map(LowCardinality(String), String)')",
        "resource_attribute_type_codes": "['string', 'string', 'string', 'string']",
        "attributes": "CAST((keys, texts), 'Map(LowCardinality(String), String)')",
        "attribute_type_codes": "arrayMap(key -> multiIf(key LIKE '%tokens', 'int', key LIKE '%temperature', 'double', "
        "'string'), keys)",
        "received_at": "fromUnixTimestamp64Nano(start_ns + took_ns + 500000000, 'UTC')",
        "span_type": "kind_of",
        "operation": "what",
        "provider": "if(kind_of = 'LLM', provider, '')",
        "request_model": "if(kind_of = 'LLM', asked, '')",
        "response_model": "if(kind_of = 'LLM', answered, '')",
        "model": "if(kind_of = 'LLM', answered, '')",
        "response_id": "if(kind_of = 'LLM', concat('chatcmpl-', lower(hex(cityHash64(g)))), '')",
        "input_tokens": "if(kind_of = 'LLM', toUInt64(100 + g % 2000), NULL)",
        "output_tokens": "if(kind_of = 'LLM', toUInt64(20 + g % 500), NULL)",
        "total_tokens": "if(kind_of = 'LLM', toUInt64(120 + g % 2000 + g % 500), NULL)",
        "usage_scope": "if(kind_of = 'LLM', 'own', 'none')",
        "cost_usd": "if(kind_of = 'LLM', (g % 2500) / 1e5, NULL)",
        "cost_source": "if(kind_of = 'LLM', 'computed', 'none')",
        "session_id": "conversation",
        "user_id": "if(j = 0, person, '')",
        "agent_name": "if(j = 0, service, '')",
        "tool_name": f"if(kind_of = 'TOOL', {_choice(TOOLS, 'g')}, '')",
        "finish_reasons": "if(kind_of = 'LLM', ['stop'], [])",
        "is_error": "failed",
        "error_type": "if(failed, 'timeout', '')",
        "dialects": "['otel_genai']",
        "input": prompt,
        "output": _prose("g + 1000", "20 + intDiv(g, 64) % 60"),
        "mapping_version": "1",
    }


def _insert(spans: int, newest_unix_nano: int, source: str) -> str:
    """The statement that makes the spans of `source`, which has `t` and `j`."""
    columns = _span_columns()
    span = ",\n".join(
        [
            "*",
            "cityHash64(t, j) AS g",
            f"if(j = 0, 'AGENT', {_list(_TYPES)}[1 + j % 6]) AS kind_of",
            "transform(kind_of, ['AGENT', 'LLM', 'TOOL'], ['invoke_agent', 'chat', 'execute_tool'], 'retrieval') "
            "AS what",
            "started + if(j = 0, 0, toInt64(20000000 + j * 400000000 + g % 100000000)) AS start_ns",
            "toUInt64(if(j = 0, 3000000000, 50000000) + g % 900000000) AS took_ns",
            "g % 50 = 0 AS failed",
            f"concat('ord', toString(intDiv(g, 64) % {max(1, spans // RARE_SPANS)})) AS rare",
            "arrayConcat(['gen_ai.operation.name', 'gen_ai.conversation.id', 'app.tenant'], if(kind_of = 'LLM', "
            "['gen_ai.provider.name', 'gen_ai.request.model', 'gen_ai.response.model', 'gen_ai.response.id', "
            "'gen_ai.request.temperature', 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'], "
            "['gen_ai.tool.type', 'server.address'])) AS keys",
            "arrayConcat([what, conversation, tenant], if(kind_of = 'LLM', [provider, asked, answered, "
            "concat('chatcmpl-', lower(hex(cityHash64(g)))), ['0', '0.2', '0.7', '1'][1 + g % 4], "
            "toString(100 + g % 2000), toString(20 + g % 500)], ['function', 'vectors.internal'])) AS texts",
        ]
    )
    return (
        f"INSERT INTO spans ({', '.join(columns)})\n"
        f"WITH {_list(COMMON_WORDS)} AS words\n"
        f"SELECT {', '.join(f'{sql} AS c{number}' for number, sql in enumerate(columns.values()))}\n"
        f"FROM (SELECT {span} FROM (SELECT *, {_trace_columns(spans, newest_unix_nano)} FROM ({source})))\n"
        f"SETTINGS {_SETTINGS}"
    )


def _traces(first: int, count: int) -> str:
    return f"SELECT t, arrayJoin(range(3 + t % 4)) AS j FROM (SELECT number AS t FROM numbers({first}, {count}))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made, and what it took."""

    span_count: int
    elapsed_s: float
    newest_unix_nano: int


def make(data_dir: Path, spans: int) -> Made:
    """Fill the embedded database of a collector's data directory: from nothing, or on from where it was left."""
    started = time.monotonic()
    engine = EmbeddedEngine(data_dir / "chdb")
    migrate(engine)
    try:
        connection = engine.connect()
        try:
            newest = _fill(connection, data_dir / MAKING_FILE, spans)
            count = int(connection.query("SELECT count() FROM spans").rows[0][0])
        finally:
            connection.close()
    finally:
        engine.close()
    # There is nothing to settle in them, and the collector need not look.
    (data_dir / SETTLED_FILE).write_text(json.dumps({"settled_until_unix_nano": time.time_ns()}), "utf-8")
    (data_dir / MADE_FILE).write_text(json.dumps({"span_count": count, "newest_unix_nano": newest}), "utf-8")
    return Made(span_count=count, elapsed_s=time.monotonic() - started, newest_unix_nano=newest)


def _fill(connection: Connection, progress: Path, spans: int) -> int:
    """Make the spans, batch by batch; returns when the newest starts."""
    traces = int(spans / SPANS_PER_TRACE)
    if progress.exists():
        state = json.loads(progress.read_text("utf-8"))
        if state["spans"] != spans:
            raise ValueError(f"{progress} was begun with {state['spans']:,} spans")
    else:
        state = {"spans": spans, "newest_unix_nano": time.time_ns(), "traces": 0}
        large = f"SELECT toUInt64({traces // 2}) AS t, number AS j FROM numbers({LARGE_TRACE_SPANS})"
        statement = _insert(spans, state["newest_unix_nano"], large)
        connection.execute(statement.replace(" id AS c1", f" '{LARGE_TRACE_ID}' AS c1"))
    while state["traces"] < traces:
        left = (traces - state["traces"]) * SPANS_PER_TRACE
        batch = BATCH_SPANS if left > NEWEST_SPANS else NEWEST_BATCH_SPANS
        count = min(traces - state["traces"], int(batch / SPANS_PER_TRACE))
        connection.execute(_insert(spans, state["newest_unix_nano"], _traces(state["traces"], count)))
        state["traces"] += count
        progress.write_text(json.dumps(state), "utf-8")
        print(f"{state['traces'] * SPANS_PER_TRACE:,.0f} of {spans:,} spans", file=sys.stderr, flush=True)
    # The parts as they are left alone: what is worth merging is merged.
    deadline = time.monotonic() + MERGE_WAIT_S
    while connection.query(_MERGES).rows[0][0] and time.monotonic() < deadline:
        time.sleep(1)
    return int(state["newest_unix_nano"])


def main(arguments: Sequence[str]) -> int:
    """Make a directory of spans; the exit status is 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.stored_spans", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("directory", type=Path, help="a collector's data directory; one left half-made is finished")
    parser.add_argument("--spans", type=int, default=20_000_000)
    chosen = parser.parse_args(arguments)
    made = make(chosen.directory, chosen.spans)
    print(f"{made.span_count:,} spans in {made.elapsed_s:.0f} s; the newest start at {made.newest_unix_nano}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
