"""What a span can say: each target once, for the columns of `spans` and for what is read when a trace is shown.

Owns the names of targets, what kind of values they have, and their order, which numbers those that are written. Leaves
the keys that a target's value may stand under to the dialects, and bringing them into order to `vocabulary`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from spanhouse_collector.model.dialect import BOTH, MODALITIES, READ, WRITE

NAME: Final = "name"  # a short text; placeholders are absent
NUMBER: Final = "number"
TEXT: Final = "text"  # words to search for
CONTENT: Final = "content"
PARAMETER: Final = "parameter"  # of a request
INCLUDED_TIER: Final = 50  # where another target's keys stand among a target's own
PARAMETER_PREFIX: Final = "request."


class Included(NamedTuple):
    """Another target's keys, which may hold this one's value too."""

    target: str
    only: str = ""  # keys of this decoder only
    decoder: str = ""  # read so; '' as there


class Target(NamedTuple):
    """A column, a fact that columns are made of, or a field that is read with a trace."""

    name: str
    kind: str = NAME
    decoder: str = "text"  # a name of `content.scalars` or, for content, of `content.sides`
    use: str = WRITE
    included: Included | None = None
    members: tuple[str, ...] = ()  # of a parameter: its names in objects of parameters and in requests kept whole


# --- What a span is. A key's decoder is the table of words (`Dialect.span_types`) that reads it.
SPAN_TYPE: Final = Target("span_type")
VECTOR_SEARCH: Final = Target("vector_search")  # there: a `db.operation` is a search among vectors
DB_SYSTEM: Final = Target("db_system")
GUARDRAIL_NAME: Final = Target("guardrail_name")
COMPONENT_TYPE: Final = Target("component_type")
OPERATION: Final = Target("operation")
PROVIDER: Final = Target("provider")
REQUEST_MODEL: Final = Target("request_model")
RESPONSE_MODEL: Final = Target("response_model")
OTHER_MODEL: Final = Target("other_model")  # `model` is response_model, else request_model, else this
RESPONSE_ID: Final = Target("response_id")
SERVER_ADDRESS: Final = Target("server_address")

# --- What surrounds it.
DIALECT_KEYS: Final = Target("dialect_keys")  # keys that carry no column of their own and still tell a dialect
SESSION_ID: Final = Target("session_id")
USER_ID: Final = Target("user_id")
AGENT_NAME: Final = Target("agent_name", use=BOTH)
OWN_NAME: Final = Target("own_name")  # of whatever the span stands for: an agent's on AGENT spans, a tool's on TOOL
TOOL_NAME: Final = Target("tool_name", use=BOTH)
PROMPT_NAME: Final = Target("prompt_name", use=BOTH)
TAGS: Final = Target("tags", decoder="list")
FINISH_REASONS: Final = Target("finish_reasons", decoder="list")
ERROR_TYPE: Final = Target("error_type", use=BOTH)
SUCCESS: Final = Target("success", decoder="boolean", use=BOTH)  # `false`: the span failed
LEVEL: Final = Target("level", decoder="python_level", use=BOTH)
LEVEL_NUMBER: Final = Target("level_number")
TOOL_ERROR: Final = Target("tool_error")
LOGFIRE_SPAN_TYPE: Final = Target("logfire_span_type")
FIRST_CHUNK_TIME: Final = Target("first_chunk_time")  # when the first chunk of the answer came, as ISO text

# --- What it used: a zero never hides a positive number of a later key.
INPUT_TOKENS: Final = Target("input_tokens", NUMBER, "number")
OUTPUT_TOKENS: Final = Target("output_tokens", NUMBER, "number")
TOTAL_TOKENS: Final = Target("total_tokens", NUMBER, "number")
CACHE_READ_INPUT_TOKENS: Final = Target("cache_read_input_tokens", NUMBER, "number")
CACHE_WRITE_INPUT_TOKENS: Final = Target("cache_write_input_tokens", NUMBER, "number")
REASONING_OUTPUT_TOKENS: Final = Target("reasoning_output_tokens", NUMBER, "number")
COST_USD: Final = Target("cost_usd", NUMBER, "money")
INPUT_COST_USD: Final = Target("input_cost_usd", NUMBER, "money")  # of those that say no total
OUTPUT_COST_USD: Final = Target("output_cost_usd", NUMBER, "money")
# The provider's own count, which a library may have passed on as it was: without cache.
RAW_INPUT_TOKENS: Final = Target("raw_input_tokens", NUMBER, "number")
TTFT: Final = Target("ttft_ns", NUMBER, "seconds")

# --- The words of its input and output. Three forms: one value that holds messages or anything else (the best key that
# has one), pieces (all of them, in the order sent: flattened messages and events), and plain values. A model's span
# prefers messages to plain values, any other span plain values to messages.
SYSTEM_INSTRUCTIONS: Final = Target("system_instructions", TEXT, "instructions", BOTH)
INPUT_MESSAGES: Final = Target("input_messages", TEXT, "messages", BOTH, Included("input"))
INPUT_PIECES: Final = Target("input_pieces", TEXT)
INPUT: Final = Target("input", TEXT, "request", BOTH)
OUTPUT_MESSAGES: Final = Target("output_messages", TEXT, "messages", BOTH, Included("output"))
OUTPUT_PIECES: Final = Target("output_pieces", TEXT)
OUTPUT: Final = Target("output", TEXT, "response", BOTH)

# Tokens by what they stand for, which have prices of their own; the columns of tokens have them all together.
USAGE_DETAILS: Final = (
    *(
        Target(f"{modality}_{side}_tokens", NUMBER, "amount", BOTH)
        for side, modalities in MODALITIES
        for modality in modalities
    ),
    Target("cache_write_1h_input_tokens", NUMBER, "amount", BOTH),
)

_DEFINED: Final = tuple(value for value in globals().values() if isinstance(value, Target))
NAMES: Final = tuple(target for target in _DEFINED if target.kind == NAME)
NUMBERS: Final = (*(target for target in _DEFINED if target.kind == NUMBER), *USAGE_DETAILS)
TEXTS: Final = tuple(target for target in _DEFINED if target.kind == TEXT)
WRITTEN: Final = (*NAMES, *NUMBERS, *TEXTS)


def _read(name: str, decoder: str = "text", included: Included | None = None) -> Target:
    return Target(name, CONTENT, decoder, READ, included)


def _parameter(name: str, decoder: str, *members: str) -> Target:
    return Target(f"{PARAMETER_PREFIX}{name}", PARAMETER, decoder, READ, members=members)


PARAMETERS: Final = (
    _parameter("temperature", "number", "temperature"),
    _parameter("top_p", "number", "top_p", "topP"),
    _parameter("top_k", "number", "top_k", "topK"),
    _parameter(
        "max_tokens",
        "amount",
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "maxOutputTokens",
        "maxTokens",
        "max_new_tokens",
    ),
    _parameter("frequency_penalty", "number", "frequency_penalty", "frequencyPenalty"),
    _parameter("presence_penalty", "number", "presence_penalty", "presencePenalty"),
    _parameter("seed", "integer", "seed", "random_seed"),
    _parameter("stop_sequences", "texts", "stop", "stop_sequences", "stopSequences"),
    _parameter("choice_count", "amount", "n", "candidate_count", "candidateCount"),
    _parameter("stream", "boolean", "stream", "streaming"),
    _parameter("output_type", "output_type", "response_format", "response_mime_type", "responseMimeType"),
    _parameter("reasoning_level", "text", "reasoning_effort", "reasoning.effort", "reasoningEffort"),
    _parameter("encoding_formats", "texts", "encoding_format"),
    _parameter("previous_response_id", "text", "previous_response_id"),
    _parameter("tool_choice", "structure", "tool_choice", "toolChoice"),
)
# Objects of parameters: what they hold beyond the known names is kept as `extra`.
PARAMETER_OBJECTS: Final = Target(f"{PARAMETER_PREFIX}extra", PARAMETER, "mapping", READ)
# Requests kept whole: they hold messages and much else besides the parameters.
REQUEST_OBJECTS: Final = Target("request_objects", PARAMETER, use=READ)

SHOWN: Final = (
    *(target for target in WRITTEN if target.use == BOTH),
    _read("tool_definitions", "tools"),
    _read("tool_call_id"),
    _read("tool_type"),
    _read("tool_description"),
    _read("tool_arguments", "structure", Included("input")),
    _read("tool_result", "structure", Included("output")),
    _read("tool_is_error", "boolean"),
    _read("tool_status"),
    _read("documents", "documents", Included("output", "response", "documents")),
    _read("documents_in", "documents"),
    _read("query"),
    _read("top_k", "amount"),
    _read("data_source_id"),
    _read("embedding_texts", "embedded", Included("input", "request", "embedded")),
    _read("embedding_dimension", "amount"),
    _read("embedding_count", "amount"),
    _read("embedding_vectors", "vectors", Included("output", "response", "vectors")),
    _read("prompt_version"),
    _read("prompt_id"),
    _read("prompt_template", "content"),
    _read("prompt_variables", "mapping"),
    _read("first_piece", "content"),
    _read("agent_id"),
    _read("agent_node"),
    _read("agent_description"),
    _read("agent_version"),
    _read("workflow_name"),
    _read("environment"),
    _read("metadata", "keys"),
    _read("tags_kv", "keys"),
    _read("error_message", "content"),
    _read("error_stack", "content"),
    _read("usage_raw"),
)
TARGETS: Final = {target.name: target for target in (*WRITTEN, *SHOWN, *PARAMETERS, PARAMETER_OBJECTS, REQUEST_OBJECTS)}

# Names of parameters in objects, and members of these that are no parameters: content, and what other targets say.
KNOWN_NAMES: Final = frozenset(name for target in PARAMETERS for name in target.members)
OTHER_MEMBERS: Final = frozenset(
    [
        "model",
        "model_name",
        "modelName",
        "messages",
        "input",
        "inputs",
        "prompt",
        "system",
        "instructions",
        "system_instruction",
        "tools",
        "functions",
        "contents",
        "reasoning",
        "config",
        "generationConfig",
        "generation_config",
    ]
)
