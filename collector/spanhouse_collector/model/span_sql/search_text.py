r"""The words of a span: `input` and `output` as real text, whatever form they were sent in.

A list of messages becomes its texts, one a line. Other JSON keeps its punctuation and loses its escapes, so that
`caf\u00e9` and words behind a `\n` are found; JSON that was cut off is treated the same way. Everything else is as
sent.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model import targets
from spanhouse_collector.model.dialects.shared.span_types import USAGE_OWNERS
from spanhouse_collector.model.span_sql.entries import Stage, at, text_at, texts_of
from spanhouse_collector.model.span_sql.literals import is_one_of
from spanhouse_collector.model.span_sql.literals import text as literal
from spanhouse_collector.model.targets import Target

# Messages of the semantic conventions, of OpenAI, Anthropic, Bedrock and Gemini alike: what is not there reads as ''.
_MESSAGES: Final = (
    "Array(Tuple(content String, text String, reasoning String, "
    "parts Array(Tuple(content String, text String, response String, result String, name String, arguments String))))"
)


# Log records that hold content by their event names: what of the record is input, what is output.
_LOG_INPUT: Final = (
    "gen_ai.system.message",
    "gen_ai.user.message",
    "gen_ai.assistant.message",
    "gen_ai.tool.message",
)
_LOG_OUTPUT: Final = ("gen_ai.choice",)
_LOG_ANSWERS: Final = ("claude_code.assistant_response", "assistant_response")
_LOG_DETAILS: Final = "gen_ai.client.inference.operation.details"
_LOG_PROMPTS: Final = ("claude_code.user_prompt", "user_prompt", "codex.user_prompt", "gemini_cli.user_prompt")


def log_columns() -> dict[str, str]:
    """`input` and `output` of a log record, over its columns `event_name`, `attributes` and `body`; '' for most.

    Bodies with members `input` and `output` are AgentCore's, whose event name is the instrumentation's scope.
    """
    event = "if(event_name != '', event_name, attributes['event.name'])"
    is_details = f"{event} = '{_LOG_DETAILS}'"
    raw_input = (
        f"multiIf({is_one_of(event, _LOG_INPUT)}, body, {is_details}, attributes['gen_ai.input.messages'], "
        f"{is_one_of(event, _LOG_PROMPTS)}, attributes['prompt'], span_id != '', JSONExtractRaw(body, 'input'), '')"
    )
    raw_output = (
        f"multiIf({is_one_of(event, _LOG_OUTPUT)}, body, {is_details}, attributes['gen_ai.output.messages'], "
        f"{is_one_of(event, _LOG_ANSWERS)}, attributes['response'], span_id != '', JSONExtractRaw(body, 'output'), '')"
    )
    system = _as_text(f"if({is_details}, attributes['gen_ai.system_instructions'], '')")
    spoken = _as_text(raw_input)
    whole = f"arrayStringConcat(arrayFilter(text -> text != '', [{system}, {spoken}]), '\\n')"
    return {"input": whole, "output": _as_text(raw_output)}


def _as_text(raw: str) -> str:
    """Messages as their texts, other JSON without its escapes, anything else as it is."""
    is_json = r"match(raw, '^\\s*[\\[{\"]')"
    json = _unescaped(f"if({is_json}, raw, '')")
    chosen = f"multiIf({_of_messages('raw')} != '', {_of_messages('raw')}, {json} != '', {json}, raw)"
    return f"arrayMap(raw -> {chosen}, [{raw}])[1]"


def search_text_stages() -> tuple[Stage, ...]:
    """Which values, then as messages, then as JSON, then the columns."""
    raw = "[system_raw, input_raw, output_raw]"
    return (
        {
            "prefers_messages": is_one_of("span_type", (*USAGE_OWNERS, "RETRIEVER", "EVENT")),
            "system_raw": text_at(targets.SYSTEM_INSTRUCTIONS),
            "input_message": _or_pieces(targets.INPUT_MESSAGES, targets.INPUT_PIECES),
            "input_plain": text_at(targets.INPUT),
            "output_message": _or_pieces(targets.OUTPUT_MESSAGES, targets.OUTPUT_PIECES),
            "output_plain": text_at(targets.OUTPUT),
        },
        {
            "input_raw": "if((prefers_messages AND input_message != '') OR input_plain = '', "
            "input_message, input_plain)",
            "output_raw": "if((prefers_messages AND output_message != '') OR output_plain = '', "
            "output_message, output_plain)",
            "response_id": _response_id(),
        },
        {"raw_texts": raw, "as_messages": f"arrayMap(raw -> {_of_messages('raw')}, {raw})"},
        {"as_json": f"arrayMap((raw, messages) -> {_unescaped(_JSON_LEFT)}, raw_texts, as_messages)"},
        {
            "texts": "arrayMap((raw, messages, json) -> multiIf(messages != '', messages, json != '', json, raw), "
            "raw_texts, as_messages, as_json)"
        },
        {
            "input": "if(texts[1] != '' AND texts[2] != '', concat(texts[1], '\\n', texts[2]), "
            "concat(texts[1], texts[2]))",
            "output": "texts[3]",
        },
    )


def _response_id() -> str:
    """As named, else of the answer that a call's output is: instrumentations that keep it whole do not name its id."""
    named = at(targets.RESPONSE_ID)
    is_call = is_one_of("span_type", USAGE_OWNERS)
    answered = f"if({is_call} AND startsWith(output_plain, '{{'), JSONExtractString(output_plain, 'id'), '')"
    return f"if({named} != '', {named}, {answered})"


_JSON_LEFT: Final = "if(messages = '' AND match(raw, '^\\\\s*[\\\\[{\"]'), raw, '')"


def _or_pieces(whole: Target, pieces: Target) -> str:
    joined = f"arrayStringConcat({texts_of(pieces)}, '\\n')"
    found = text_at(whole)
    return f"multiIf({found} = '', {joined}, {joined} = '', {found}, concat({found}, '\\n', {joined}))"


def _of_messages(json: str) -> str:
    """The texts of a JSON list of messages, '' when it is none."""
    pieces = (
        "arrayFlatten(arrayMap(message -> arrayConcat([message.content, message.text, message.reasoning], "
        "arrayFlatten(arrayMap(part -> [part.content, part.text, part.response, part.result, part.name, "
        "part.arguments], "
        f"message.parts))), JSONExtract({json}, '{_MESSAGES}')))"
    )
    unescaped = (
        "if(startsWith(piece, '[') OR startsWith(piece, '{'), "
        "replaceAll(replaceAll(piece, '\\\\n', '\\n'), '\\\\\"', '\"'), piece)"
    )
    joined = f"arrayStringConcat(arrayMap(piece -> {unescaped}, arrayFilter(piece -> piece != '', {pieces})), '\\n')"
    return f"if(match({json}, '^\\\\s*\\\\[\\\\s*\\\\{{'), {joined}, '')"


# At the end of JSON that was cut off: what is whole, a half of a pair of escapes, a part of one, and a mark of the cut.
_CUT: Final = (
    r"(^|[^\\])((?:\\\\)*)(?:\\u[dD][89abAB][0-9a-fA-F]{2})?(?:\\(?:u[0-9a-fA-F]{0,3})?)?"
    r"((?:\.\.\.|…)?(?:\[truncated\])?)$"
)
_KEPT: Final = r"\1\2\3"
_CUT_LENGTH: Final = 48


def _mended(json: str) -> str:
    """JSON without the escape that it was cut off in."""
    is_whole = " OR ".join(f"endsWith({json}, '{end}')" for end in ("]", "}", '"'))
    kept = f"substring({json}, 1, greatest(toInt64(length({json})) - {_CUT_LENGTH}, 0))"
    mended = f"replaceRegexpOne(right({json}, {_CUT_LENGTH}), {literal(_CUT)}, {literal(_KEPT)})"
    return f"if({json} = '' OR {is_whole}, {json}, concat({kept}, {mended}))"


def _unescaped(json: str) -> str:
    """JSON text with its escapes resolved, '' where that cannot be done.

    The whole text is made one JSON string: quotes that are not escaped yet are, line ends become spaces.
    """
    flat = f"translate({_mended(json)}, '\\x01\\n\\r\\t', '    ')"
    quoted = f"replaceAll(replaceAll(replaceAll({flat}, '\\\\\"', '\\x01'), '\"', '\\\\\"'), '\\x01', '\\\\\"')"
    return f"JSONExtractString(concat('\"', {quoted}, '\"'))"
