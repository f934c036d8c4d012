"""What the promoted columns of a span should be, worked out slowly and plainly.

Owns the trace model's rules in Python, over the same vocabulary as the generated SQL and nothing else of it. Leaves
finding values to `oracle_reading`, the texts `input` and `output` to `oracle_text`, prices to the price tests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from spanhouse_collector.model import targets, vocabulary
from spanhouse_collector.model.dialects import langfuse
from spanhouse_collector.model.dialects.shared import finish_reasons, operations, providers, span_types
from tests.collector.trace_model.oracle_json import read_list
from tests.collector.trace_model.oracle_reading import LIMIT, TARGETS, OracleSpan, Reading, lower, number
from tests.collector.trace_model.oracle_text import texts_of

TOOL_PREFIXES = (
    *("execute_tool ", "running tool: ", "Function: "),
    *("anthropic.tool_use ", "anthropic.custom_tool_use ", "anthropic.server_tool_use "),
)
BUCKETS = langfuse.USAGE + "#"


def columns_of(span: OracleSpan) -> dict[str, Any]:
    """Every promoted column of a span but the cost that prices would give."""
    reading = Reading(span)
    found: dict[str, Any] = {"dialects": dialects_of(reading), "is_pending": is_pending(reading)}
    by_attributes = type_by_attributes(reading)
    found |= models_of(reading, by_attributes)
    found |= providers_of(reading, found["model"])
    found |= tokens_of(reading, found["dialects"], found["provider"])
    found["span_type"] = span_type_of(reading, by_attributes, found)
    found["operation"] = operation_of(reading, found["dialects"])
    found["usage_scope"] = usage_scope_of(reading, found)
    found |= names_of(reading, found["span_type"])
    found |= errors_of(reading)
    found["ttft_ns"] = ttft_of(reading)
    found["tags"] = sorted({tag for _, text in reading.all(targets.TAGS) for tag in listed(text)})
    found["finish_reasons"] = sorted(
        {
            finish_reasons.FINISH_REASONS.get(lower(reason), reason)
            for _, text in reading.all(targets.FINISH_REASONS)
            for reason in listed(text)
        }
    )
    text = texts_of(span, found["span_type"])
    answer = text.pop("answer_id") if found["span_type"] in span_types.USAGE_OWNERS else text.pop("answer_id") and ""
    found["response_id"] = reading.first(targets.RESPONSE_ID) or answer
    return found | text


def listed(text: str) -> list[str]:
    """A JSON list, Python's, one that was cut off, or parts between commas."""
    if text.startswith("["):
        whole = read_list(text)
        if whole is not None:
            return [part for part in whole if part]
        text = re.sub(r"[\[\]\"'\\]", " ", text)
    return [part.strip(" ") for part in text.split(",") if part.strip(" ")]


def scope_dialect(scope_name: str) -> str:
    """By the whole name, or its first segments, the more the better."""
    if scope_name in vocabulary.WHOLE_SCOPES:
        return vocabulary.WHOLE_SCOPES[scope_name]
    segments = scope_name.replace("/", ".").split(".")
    scopes = vocabulary.SCOPES
    starts = (".".join(segments[:count]) for count in (3, 2, 1))
    return next((scopes[start] for start in starts if start in scopes), "")


def dialects_of(reading: Reading) -> list[str]:
    told = {scope_dialect(reading.span.scope_name)}
    for target in TARGETS:
        for source in vocabulary.written(target):
            if source.key in reading.found:
                first = source.key.partition(".")[0]
                told.add(source.dialect if target is targets.DIALECT_KEYS else vocabulary.KEY_PREFIXES.get(first, ""))
    return sorted(told - {""})


def is_pending(reading: Reading) -> bool:
    return reading.first(targets.LOGFIRE_SPAN_TYPE) == "pending_span" or reading.span.end_unix_nano == 0


def type_by_attributes(reading: Reading) -> str:
    """The first source whose group knows its value."""
    is_vector = (
        reading.has(targets.VECTOR_SEARCH) or lower(reading.first(targets.DB_SYSTEM)) in span_types.VECTOR_DATABASES
    )
    for source, text in reading.all(targets.SPAN_TYPE):
        if source.decoder == "vector_db" and not is_vector:
            continue
        if found := vocabulary.SPAN_TYPES_OF[source.decoder].get(lower(text)):
            return found
    return ""


def names_matching(reading: Reading, dialects: Sequence[str]) -> list[tuple[str, str]]:
    """Types and operations that the span's own name tells: the whole name first, this scope's before any scope's."""
    name, scope = reading.span.name, reading.span.scope_name
    first_word = name.split(" ")[0] + " *"
    places = [(scope, name), ("", name), (scope, first_word), ("", first_word)]
    if "weave" in dialects:
        places.append(("weave", first_word))
    table = {(span.scope, span.name): (span.span_type, span.operation) for span in vocabulary.NAMED_SPANS}
    return [table[place] for place in places if place in table]


def span_type_of(reading: Reading, by_attributes: str, found: dict[str, Any]) -> str:
    best = next(iter(reading.all(targets.SPAN_TYPE)), (None, ""))
    component = reading.first(targets.COMPONENT_TYPE)
    by_component = next((to for end, to in vocabulary.COMPONENT_TYPES.items() if component.endswith(end)), "")
    by_name = next((span_type for span_type, _ in names_matching(reading, found["dialects"])), "")
    has_usage = found["input_given"] or found["output_given"] or found["total_given"]
    rules = (
        (reading.first(targets.LOGFIRE_SPAN_TYPE) == "log", "EVENT"),
        (best[0] and best[0].decoder == "langfuse" and lower(best[1]) == "span" and found["model"], "LLM"),
        (by_attributes, by_attributes),
        (by_component, by_component),
        (reading.has(targets.GUARDRAIL_NAME), "GUARDRAIL"),
        (by_name, by_name),
        (reading.has(targets.TOOL_NAME) and not found["model"], "TOOL"),
        (has_usage and found["model"], "LLM"),
    )
    return next((span_type for holds, span_type in rules if holds), "UNKNOWN")


def operation_of(reading: Reading, dialects: Sequence[str]) -> str:
    said = reading.first(targets.OPERATION)
    told = next((operation for _, operation in names_matching(reading, dialects) if operation), "")
    return operations.OPERATIONS.get(lower(said), said) or told


def models_of(reading: Reading, by_attributes: str) -> dict[str, Any]:
    request, response = reading.first(targets.REQUEST_MODEL), reading.first(targets.RESPONSE_MODEL)
    own = reading.first(targets.OWN_NAME)
    is_genkit = scope_dialect(reading.span.scope_name) == "genkit" and by_attributes in span_types.USAGE_OWNERS
    genkit = own[own.find("/") + 1 :] if is_genkit else ""
    return {
        "request_model": request,
        "response_model": response,
        "model": response or request or reading.first(targets.OTHER_MODEL) or genkit,
    }


def canonical(provider: str) -> str:
    """A provider's name of today; of dotted ones the first part."""
    head = provider.split(".")[0]
    if provider in providers.PROVIDERS.values() or provider in providers.FRAMEWORKS:
        return provider
    if provider in providers.PROVIDERS:
        return providers.PROVIDERS[provider]
    if provider.startswith("google.vertex"):
        return "gcp.vertex_ai"
    if provider.startswith("gcp."):
        return provider
    return head if head in providers.DOTTED_PROVIDERS else providers.PROVIDERS.get(head, provider)


def providers_of(reading: Reading, model: str) -> dict[str, Any]:
    said = [lower(text) for _, text in reading.all(targets.PROVIDER)]
    all_named = [canonical(text) for text in said]
    provider = next((name for name in all_named if name not in providers.FRAMEWORKS), "")
    frameworks = [providers.AGENT_SERVICES[text] for text in said if text in providers.AGENT_SERVICES]
    frameworks += [name for name in all_named if name in providers.FRAMEWORKS]
    frameworks.append(vocabulary.FRAMEWORK_OF_DIALECT.get(scope_dialect(reading.span.scope_name), ""))
    return {
        "provider": provider or provider_of_host(reading) or provider_of_model(lower(model)),
        "framework": next((name for name in frameworks if name), ""),
    }


def provider_of_host(reading: Reading) -> str:
    address = reading.first(targets.SERVER_ADDRESS)
    host = address.split("://")[1].split("/")[0] if "://" in address else address
    host = lower(host.split(":")[0])
    labels = host.split(".")
    hosts = dict(providers.PROVIDER_HOSTS)
    names = [host, ".".join(labels[-3:]), ".".join(labels[-2:])]
    bedrock = "aws.bedrock" if host.startswith("bedrock-runtime.") else ""
    return next((hosts[name] for name in names if name in hosts), bedrock)


def provider_of_model(model: str) -> str:
    return next((provider for start, provider in providers.PROVIDER_MODELS if model.startswith(start)), "")


def is_exclusive(reading: Reading, dialects: Sequence[str], provider: str, cache: float) -> bool:
    """Whether the input was counted without the cache: declared, or proven by the numbers."""
    given, output = reading.count(targets.INPUT_TOKENS), reading.count(targets.OUTPUT_TOKENS)
    total, raw = reading.count(targets.TOTAL_TOKENS), reading.count(targets.RAW_INPUT_TOKENS)
    cache_key, input_key = reading.source(targets.CACHE_READ_INPUT_TOKENS), reading.source(targets.INPUT_TOKENS)
    own_objects = ("gen_ai.usage.raw#", "response_data#", "usage#", "haystack.")
    is_raw_cache = cache_key.startswith(own_objects) and re.search(r"[.#]cache_read_input_tokens$", cache_key)
    is_raw_input = input_key.startswith(own_objects) and re.search(r"[.#]input_tokens$", input_key)
    is_vercel = cache_key.startswith("ai.response.providerMetadata#") and cache_key.endswith("acheReadInputTokens")
    declared = (
        scope_dialect(reading.span.scope_name) == "claude-code",
        "openlit" in dialects and provider in ("anthropic", "aws.bedrock"),
        bool(is_raw_cache and is_raw_input) or is_vercel,
        raw is not None and raw == given,
    )
    return any(declared) or cache > (given or 0) or (cache > 0 and total == (given or 0) + (output or 0) + cache)


def tokens_of(reading: Reading, dialects: Sequence[str], provider: str) -> dict[str, Any]:
    given, output = reading.count(targets.INPUT_TOKENS), reading.count(targets.OUTPUT_TOKENS)
    total, reasoning = reading.count(targets.TOTAL_TOKENS), reading.count(targets.REASONING_OUTPUT_TOKENS)
    read, written = reading.count(targets.CACHE_READ_INPUT_TOKENS), reading.count(targets.CACHE_WRITE_INPUT_TOKENS)
    cache = (read or 0) + (written or 0)
    inner = (f"{BUCKETS}input_tokens", f"{BUCKETS}output_tokens")
    input_buckets = reading.buckets((f"{BUCKETS}input_", f"{BUCKETS}cache_"), inner)
    output_buckets = reading.buckets((f"{BUCKETS}output_",), inner)
    more = input_buckets or (cache if is_exclusive(reading, dialects, provider, cache) else 0)
    has_hidden_reasoning = bool(reasoning) and total == (given or 0) + (output or 0) + (reasoning or 0)
    thought = output_buckets or ((reasoning or 0) if has_hidden_reasoning else 0)
    input_all = None if given is None and not input_buckets else (given or 0) + more
    output_all = None if output is None and not output_buckets else (output or 0) + thought
    both = (input_all or 0) + (output_all or 0)
    has_usage = given is not None or output is not None or total is not None
    return {
        "input_given": given is not None,
        "output_given": output is not None,
        "total_given": total is not None,
        "input_tokens": whole(input_all),
        "output_tokens": whole(output_all),
        "total_tokens": whole(max(total or 0, both)) if has_usage else None,
        "cache_read_input_tokens": whole(read),
        "cache_write_input_tokens": whole(written),
        "reasoning_output_tokens": whole(reasoning),
        "reported_cost_usd": cost_of(reading),
    }


def whole(amount: float | None) -> int | None:
    return None if amount is None else int(min(amount, LIMIT))


def cost_of(reading: Reading) -> float | None:
    """What the span says that it cost; zero says nothing."""
    if reading.has(targets.COST_USD):
        return reading.count(targets.COST_USD) or None
    parts = (reading.count(targets.INPUT_COST_USD) or 0) + (reading.count(targets.OUTPUT_COST_USD) or 0)
    return parts + reading.buckets((f"{langfuse.COST}#",)) or None


def usage_scope_of(reading: Reading, found: dict[str, Any]) -> str:
    has_usage = found["input_given"] or found["output_given"] or found["total_given"]
    if has_usage and found["is_pending"]:
        return "none"
    span_type = found["span_type"]
    if span_type in span_types.USAGE_OWNERS or (has_usage and span_type == "EVENT" and found["operation"]):
        return "own"
    is_outer = span_type == "CHAIN" and reading.span.scope_name in ("ai", "gen_ai")
    return "aggregate" if has_usage or is_outer else "none"


def names_of(reading: Reading, span_type: str) -> dict[str, Any]:
    own, name = reading.first(targets.OWN_NAME), reading.span.name
    bare = next((name[len(prefix) :] for prefix in TOOL_PREFIXES if name.startswith(prefix)), name)
    return {
        "agent_name": reading.first(targets.AGENT_NAME) or (own if span_type == "AGENT" else ""),
        "tool_name": (reading.first(targets.TOOL_NAME) or own or bare) if span_type == "TOOL" else "",
        "prompt_name": reading.first(targets.PROMPT_NAME),
        "session_id": reading.first(targets.SESSION_ID) or of_resource(reading, "session.id"),
        "user_id": reading.first(targets.USER_ID) or of_resource(reading, "user.id"),
    }


def of_resource(reading: Reading, key: str) -> str:
    return next((text for found, text in reading.span.resource if found == key and text), "")


def errors_of(reading: Reading) -> dict[str, Any]:
    error = reading.first(targets.ERROR_TYPE)
    python = re.fullmatch(r"<class .(.*).>", error)
    level = reading.first(targets.LEVEL_NUMBER)
    signs = (
        reading.span.status_is_error,
        bool(error),
        any(name == "exception" for name, _, _ in reading.span.events),
        lower(reading.first(targets.SUCCESS)) == "false",
        reading.first(targets.LEVEL).upper() == "ERROR",
        lower(reading.first(targets.TOOL_ERROR)) == "true",
        level.isascii() and level.isdigit() and int(level) < 2**31 and int(level) >= 17,
    )
    return {"is_error": any(signs), "error_type": python[1] if python else error}


def ttft_of(reading: Reading) -> int | None:
    """Nanoseconds to the first chunk: as told, else by the time told, else by the event that marks it."""
    if reading.has(targets.TTFT):
        source, text = reading.all(targets.TTFT)[0]
        is_strands = scope_dialect(reading.span.scope_name) == "strands"
        is_ms = source.decoder == "milliseconds" or (source.decoder == "server_ttft" and is_strands)
        return int(min((number(text) or 0) * (1e6 if is_ms else 1e9), LIMIT))
    moments = [unix_nano(reading.first(targets.FIRST_CHUNK_TIME))]
    moments += [time for name, time, _ in reading.span.events if name in vocabulary.FIRST_CHUNK_EVENTS][:1]
    start = reading.span.start_unix_nano
    return next((moment - start for moment in moments if start < moment < 2**63 - 1), None)


def unix_nano(text: str) -> int:
    """An ISO time with or without fractions; 0 for anything else."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?", text)
    if match is None:
        return 0
    seconds = datetime.fromisoformat(match[1]).replace(tzinfo=UTC).timestamp()
    return int(seconds) * 10**9 + int((match[2] or "0").ljust(9, "0"))
