"""What a filter can ask about: one table of fields and one of families of keys.

Owns names, other spellings, what each means and the column behind it; docs/filter.md shows the same table and a test
compares them. Leaves finding a name in it to `names`.

Column expressions stand in statements as they are written here, so nothing in this file may come from outside.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.query.filter.fields import NO_TIME, NS_PER_MS, Family, Field, Kind, Level


def _text(name: str, meaning: str, *aliases: str, column: str = "", upper: bool = False, is_id: bool = False) -> Field:
    return Field(
        name=name,
        kind=Kind.TEXT,
        meaning=meaning,
        column=column or name,
        aliases=aliases,
        absent="''",
        upper=upper,
        is_id=is_id,
        searched=(name,) if name in ("input", "output") else (),
    )


def _texts(name: str, meaning: str, *aliases: str, column: str = "") -> Field:
    return Field(name=name, kind=Kind.TEXTS, meaning=meaning, column=column or name, aliases=aliases, absent="[]")


def _count(name: str, meaning: str, *aliases: str, always: bool = False) -> Field:
    absent = None if always else "NULL"
    return Field(name=name, kind=Kind.INTEGER, meaning=meaning, column=name, aliases=aliases, absent=absent)


def _flag(name: str, meaning: str, *aliases: str, column: str = "") -> Field:
    return Field(name=name, kind=Kind.BOOLEAN, meaning=meaning, column=column or name, aliases=aliases)


def _durations(name: str, meaning: str, *, column: str, absent: str | None = None) -> tuple[Field, ...]:
    """The same column under three names: with a unit to be written, in ms, in ns."""
    units: tuple[tuple[str, int | None], ...] = (("", None), ("_ms", NS_PER_MS), ("_ns", 1))
    return tuple(
        Field(name=name + suffix, kind=Kind.DURATION, meaning=meaning, column=column, unit_ns=unit_ns, absent=absent)
        for suffix, unit_ns in units
    )


def _times(name: str, meaning: str, *, absent: str | None = None) -> tuple[Field, ...]:
    units = (("", None), ("_unix_nano", 1))
    return tuple(
        Field(name=name + suffix, kind=Kind.TIME, meaning=meaning, column=name, unit_ns=unit_ns, absent=absent)
        for suffix, unit_ns in units
    )


# A record that announces a span has the span where a parent would stand (migration 004).
IS_ROOT: Final = "(if(pending_span_id = '', parent_span_id, pending_parent_span_id) = '')"

ATTRIBUTE_TEXTS: Final = r"arrayStringConcat(mapValues(attributes), '\n')"

SPAN_FIELDS: Final[tuple[Field, ...]] = (
    _text("name", "the span's name"),
    _text("span_type", "LLM, TOOL, AGENT, …", "span.type", upper=True),
    _text("kind", "OTel's: INTERNAL SERVER CLIENT PRODUCER CONSUMER UNSPECIFIED", upper=True),
    _text("status_code", "UNSET OK ERROR, as sent; `status` in a search for spans", "span.status", upper=True),
    _text("status_message", "what came with the status"),
    _text("error_type", "class of the exception, or the error code"),
    _text("service_name", "`service.name` of the resource"),
    _text("scope_name", "the instrumentation library"),
    _text("scope_version", "and its version"),
    _text("operation", "what the span does: chat, embeddings, execute_tool, …"),
    _text("provider", "who served the model"),
    _text("framework", "the framework that made the span"),
    _text("request_model", "the model asked for"),
    _text("response_model", "the model that answered"),
    _text("model", "the model that answered, else the one asked for"),
    _text("response_id", "the provider's id of the answer"),
    _text("usage_scope", "own, aggregate, duplicate, none"),
    _text("cost_source", "reported, computed, none"),
    _text("session_id", "the conversation"),
    _text("user_id", "the end user"),
    _text("agent_name", "the agent"),
    _text("tool_name", "the tool"),
    _text("prompt_name", "the prompt template", "prompt", "attributes.prompt", "attribute.prompt", "trace.prompt"),
    _text("span_id", "hex", is_id=True),
    _text("parent_span_id", "hex, '' for a root", is_id=True),
    _text("trace_state", "W3C tracestate"),
    _text("input", "searchable text of what went in"),
    _text("output", "searchable text of what came out"),
    Field(
        name="text",
        kind=Kind.DOCUMENT,
        meaning="input or output",
        aliases=("span.content",),
        searched=("input", "output"),
    ),
    *_durations("duration", "from start to end", column="duration_ns"),
    *_durations("ttft", "time to the first token", column="ttft_ns", absent="NULL"),
    *_times("start_time", "when the span started"),
    *_times("end_time", "when the span ended", absent=NO_TIME),
    *_times("received_at", "when the collector received it"),
    _flag("is_error", "status, `error.type`, an exception event, or `success=false`"),
    _flag("is_pending", "still in progress"),
    _flag("is_root", "has no parent", column=IS_ROOT),
    _count("input_tokens", "tokens in, cache included"),
    _count("output_tokens", "tokens out, reasoning included"),
    _count("total_tokens", "tokens in and out"),
    _count("cache_read_input_tokens", "of the tokens in, read from a cache"),
    _count("cache_write_input_tokens", "of the tokens in, written to a cache"),
    _count("reasoning_output_tokens", "of the tokens out, reasoning"),
    Field(name="cost_usd", kind=Kind.FLOAT, meaning="cost in US dollars", column="cost_usd", absent="NULL"),
    _texts("finish_reasons", "why the model stopped"),
    _texts("tags", "the span's labels (`tags.KEY` is a tag of the trace)"),
    _texts("dialects", "the conventions the span was written in"),
    _texts("event.name", "names of the span's events", "events.name", column="`events.name`"),
    _texts("link.trace_id", "traces it links to", "links.trace_id", column="`links.trace_id`"),
    _texts("link.span_id", "spans it links to", "links.span_id", column="`links.span_id`"),
    _count("flags", "W3C trace flags", always=True),
    _count("dropped_attributes_count", "attributes the SDK dropped", always=True),
    _count("dropped_events_count", "events the SDK dropped", always=True),
    _count("dropped_links_count", "links dropped", always=True),
    _count("mapping_version", "version of the mapping that filled these columns", always=True),
)

EITHER_FIELDS: Final[tuple[Field, ...]] = (
    Field(
        name="trace_id",
        kind=Kind.TEXT,
        meaning="hex; MLflow's `tr-` in front is understood",
        column="trace_id",
        level=Level.EITHER,
        absent="''",
        is_id=True,
        aliases=tuple(
            prefix + name
            for name in ("request_id", "trace_id")
            for prefix in ("", "trace.", "attributes.", "attribute.")
            if prefix + name != "trace_id"
        ),
    ),
    Field(name="project", kind=Kind.TEXT, meaning="the project", column="project", level=Level.EITHER, absent="''"),
)


def _mlflow(*names: str, bare: bool = True) -> tuple[str, ...]:
    """MLflow's spellings of a property of the trace."""
    prefixes = ("attributes.", "attribute.", *(("",) if bare else ()))
    return tuple(prefix + name for name in names for prefix in prefixes)


def _trace_text(name: str, meaning: str, *aliases: str, upper: bool = False, is_picked: bool = True) -> Field:
    return Field(
        name=f"trace.{name}",
        kind=Kind.TEXT,
        meaning=meaning,
        column=name,
        level=Level.TRACE,
        absent="''",
        upper=upper,
        is_picked=is_picked,
        aliases=aliases,
    )


def _trace_count(name: str, meaning: str, *aliases: str, absent: str | None = None) -> Field:
    return Field(
        name=f"trace.{name}",
        kind=Kind.INTEGER,
        meaning=meaning,
        column=name,
        level=Level.TRACE,
        absent=absent,
        aliases=aliases,
    )


def _trace_time(name: str, column: str, meaning: str, unit_ns: int | None, *aliases: str) -> Field:
    return Field(
        name=f"trace.{name}",
        kind=Kind.TIME,
        meaning=meaning,
        column=column,
        level=Level.TRACE,
        unit_ns=unit_ns,
        aliases=aliases,
    )


def _trace_duration(name: str, unit_ns: int | None, *aliases: str) -> Field:
    return Field(
        name=f"trace.{name}",
        kind=Kind.DURATION,
        meaning="from its first start to its last end",
        column="duration_ns",
        level=Level.TRACE,
        unit_ns=unit_ns,
        aliases=aliases,
    )


TRACE_FIELDS: Final[tuple[Field, ...]] = (
    _trace_text(
        "name", "name of the root span", "tags.mlflow.traceName", "tag.mlflow.traceName", *_mlflow("name", bare=False)
    ),
    _trace_text(
        "state",
        "OK ERROR IN_PROGRESS; `status` in a search for traces",
        "state",
        "trace.status",
        *_mlflow("status", bare=False),
        upper=True,
        is_picked=False,
    ),
    _trace_text("service_name", "service of the root span"),
    _trace_text(
        "session_id", "its conversation", "metadata.mlflow.trace.session", "request_metadata.mlflow.trace.session"
    ),
    _trace_text("user_id", "its end user", "metadata.mlflow.trace.user", "request_metadata.mlflow.trace.user"),
    _trace_time("start_time", "start_time", "when it started", None),
    _trace_time("start_time_unix_nano", "start_time", "when it started", 1),
    _trace_time(
        "timestamp_ms",
        "start_time",
        "when it started",
        NS_PER_MS,
        *_mlflow("timestamp", "timestamp_ms"),
        "trace.timestamp",
    ),
    _trace_time("end_time", "end_time", "when it ended", None),
    _trace_time("end_time_unix_nano", "end_time", "when it ended", 1),
    _trace_time(
        "end_time_ms", "end_time", "when it ended", NS_PER_MS, *_mlflow("end_time_ms"), *_mlflow("end_time", bare=False)
    ),
    _trace_duration("duration", None),
    _trace_duration(
        "duration_ms",
        NS_PER_MS,
        "trace.execution_time",
        "trace.execution_time_ms",
        *_mlflow("execution_time", "execution_time_ms"),
    ),
    _trace_duration("duration_ns", 1),
    _trace_count("span_count", "how many spans", "span_count"),
    _trace_count("error_count", "how many of them are errors", "error_count"),
    _trace_count("input_tokens", "each token counted once", absent="NULL"),
    _trace_count("output_tokens", "each token counted once", absent="NULL"),
    _trace_count("total_tokens", "each token counted once", absent="NULL"),
    Field(
        name="trace.cost_usd",
        kind=Kind.FLOAT,
        meaning="each call counted once",
        column="cost_usd",
        level=Level.TRACE,
        absent="NULL",
    ),
    Field(
        name="trace.models",
        kind=Kind.TEXTS,
        meaning="the models it used",
        column="models",
        aliases=("models",),
        level=Level.TRACE,
        absent="[]",
    ),
    Field(
        name="trace.text",
        kind=Kind.DOCUMENT,
        meaning="input or output of any of its spans; for patterns also names and attributes",
        level=Level.TRACE,
        searched=("input", "output"),
        scanned=("name", ATTRIBUTE_TEXTS),
        aliases=_mlflow("text", bare=False),
    ),
)

FIELDS: Final[tuple[Field, ...]] = (*SPAN_FIELDS, *EITHER_FIELDS, *TRACE_FIELDS)

FAMILIES: Final[tuple[Family, ...]] = (
    Family(
        prefix="attributes",
        kind=Kind.ATTRIBUTE,
        meaning="any attribute of the span",
        column="attributes",
        aliases=("attribute", "span.attributes", "span.attribute"),
    ),
    Family(
        prefix="resource",
        kind=Kind.ATTRIBUTE,
        meaning="any attribute of its resource",
        column="resource_attributes",
        aliases=("resource_attributes", "resource.attributes", "span.resource"),
    ),
    Family(
        prefix="scope",
        kind=Kind.ATTRIBUTE,
        meaning="any attribute of its instrumentation scope",
        column="scope_attributes",
        aliases=("scope_attributes", "scope.attributes"),
    ),
    Family(
        prefix="tags",
        kind=Kind.TAG,
        meaning="a tag of the trace",
        level=Level.TRACE,
        aliases=("tag", "trace.tags", "trace.tag", "metadata", "request_metadata", "trace.metadata"),
    ),
    Family(
        prefix="feedback",
        kind=Kind.ASSESSMENT,
        meaning="some feedback of that name, on the trace or one of its spans",
        level=Level.TRACE,
        aliases=("trace.feedback",),
        assessment_kind="feedback",
    ),
    Family(
        prefix="expectation",
        kind=Kind.ASSESSMENT,
        meaning="some expectation of that name, on the trace or one of its spans",
        level=Level.TRACE,
        aliases=("expectations", "trace.expectation"),
        assessment_kind="expectation",
    ),
    Family(
        prefix="assessment",
        kind=Kind.ASSESSMENT,
        meaning="some feedback or expectation of that name",
        level=Level.TRACE,
        aliases=("assessments", "trace.assessment"),
    ),
    Family(
        prefix="span.feedback",
        kind=Kind.ASSESSMENT,
        meaning="some feedback of that name on the span itself",
        assessment_kind="feedback",
    ),
    Family(
        prefix="span.expectation",
        kind=Kind.ASSESSMENT,
        meaning="some expectation of that name on the span itself",
        assessment_kind="expectation",
    ),
)

# Names that are keys of a family.
KEYS: Final = {
    **dict.fromkeys((*_mlflow("run_id"), "trace.run_id"), "tags.mlflow.sourceRun"),
    **dict.fromkeys((*_mlflow("client_request_id"), "trace.client_request_id"), "tags.mlflow.clientRequestId"),
}

# A name that means what is searched for: MLflow's `status` of a trace, and the span's in a search for spans.
BY_UNIT: Final = {"status": {"span": "status_code", "trace": "trace.state"}}
