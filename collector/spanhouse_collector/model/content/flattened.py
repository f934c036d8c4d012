"""Attributes that spell an array out in their keys: `llm.input_messages.0.message.content`.

Owns building the tree of such keys (indices in order, gaps and hostile indices harmless, a key that is leaf and parent
at once) and turning OpenInference's and OpenLLMetry's branches into the objects that `messages`, `tools` and
`documents` read.

Source: openinference `spec/semantic_conventions.md`; openllmetry `semconv_ai`; dialects.md section 1, rule 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from spanhouse_collector.model.content.parse import is_empty, parsed

ITEMS_MAX: Final = 4096
SEGMENTS_MAX: Final = 16
_INDEX: Final = re.compile(r"[0-9]{1,4}")
_FORBIDDEN: Final = frozenset({"__proto__", "constructor", "prototype"})
LEAF: Final = ""  # where a branch keeps the value of the key that ends at it

Tree = dict[str, Any]


def tree_of(pairs: Iterable[tuple[str, Any]]) -> Tree:
    """The tree of keys whose segments are separated by dots."""
    tree: Tree = {}
    for key, value in pairs:
        segments = key.split(".", SEGMENTS_MAX)
        if not _FORBIDDEN.isdisjoint(segments):
            continue
        branch = tree
        for segment in segments[:-1]:
            inner = branch.get(segment)
            if not isinstance(inner, dict):
                inner = {} if segment not in branch else {LEAF: inner}
                branch[segment] = inner
            branch = inner
        last = segments[-1]
        if isinstance(branch.get(last), dict):
            branch[last].setdefault(LEAF, value)
        else:
            branch[last] = value
    return tree


def indexed(branch: Any, *, items_max: int = ITEMS_MAX) -> list[Any]:
    """The elements of a branch whose keys are indices, in order; whatever else it holds is no element."""
    if not isinstance(branch, dict):
        return []
    numbers = sorted(int(key) for key in branch if _INDEX.fullmatch(key) and str(int(key)) == key)
    return [branch[str(number)] for number in numbers[:items_max]]


def _objects(branch: Any, member: str = "") -> list[Tree]:
    """The elements that are branches, each without the wrapper `member`."""
    found = []
    for each in indexed(branch):
        inner = each.get(member, each) if isinstance(each, dict) and member else each
        if isinstance(inner, dict):
            found.append(inner)
    return found


def _leaf(value: Any) -> Any:
    """A value that may be leaf and parent: its own value."""
    return value.get(LEAF) if isinstance(value, dict) else value


# --- OpenInference


def openinference_messages(branch: Tree) -> list[dict[str, Any]]:
    """Messages as OpenAI would write them."""
    return [_openinference_message(each) for each in _objects(branch, "message")]


def _openinference_message(branch: Tree) -> dict[str, Any]:
    blocks = [_openinference_block(each) for each in indexed(branch.get("contents")) if isinstance(each, dict)]
    made: dict[str, Any] = {
        "role": _leaf(branch.get("role")),
        "name": _leaf(branch.get("name")),
        "content": [block for block in blocks if block] or _leaf(branch.get("content")),
        "tool_call_id": _leaf(branch.get("tool_call_id")),
        "tool_calls": [_openinference_call(each) for each in indexed(branch.get("tool_calls"))],
    }
    content = _leaf(branch.get("content"))
    if made["content"] is not content and isinstance(content, str) and content and not _has_text(blocks):
        made["content"] = [{"type": "text", "text": content}, *made["content"]]
    if branch.get("function_call_name"):
        name, arguments = branch["function_call_name"], branch.get("function_call_arguments_json")
        made["function_call"] = {"name": _leaf(name), "arguments": _leaf(arguments)}
    return {key: value for key, value in made.items() if not is_empty(value)}


def _has_text(blocks: list[dict[str, Any]]) -> bool:
    return any("text" in block for block in blocks)


def _openinference_block(branch: Tree) -> dict[str, Any]:
    if isinstance(branch.get("tool_call"), dict):
        return _openinference_call(branch)
    block = branch.get("message_content", branch)
    if not isinstance(block, dict):
        return {}
    if isinstance(block.get("tool_call"), dict):
        return _openinference_call(block)
    made = {key: value for key, value in block.items() if not isinstance(value, dict) and not is_empty(value)}
    if isinstance(block.get("image"), dict):
        made["image"] = block["image"].get("image", block["image"])
        made.setdefault("type", "image")
    if isinstance(block.get("audio"), dict):
        made["audio"] = block["audio"].get("audio", block["audio"])
        made.setdefault("type", "audio")
    if set(made) == {"type"}:
        return {}
    return made


def _openinference_call(branch: Any) -> dict[str, Any]:
    call = branch.get("tool_call", branch) if isinstance(branch, dict) else {}
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return {}
    made = {"id": _leaf(call.get("id")) or None, "name": _leaf(function.get("name"))}
    return {"type": "tool_call", **made, "arguments": _leaf(function.get("arguments"))} if made["name"] else {}


def openinference_texts(branch: Tree, member: str) -> list[str]:
    """`llm.prompts.N.prompt.text`, `llm.choices.N.completion.text`, `embedding.embeddings.N.embedding.text`."""
    texts = [each.get("text") for each in _objects(branch, member)]
    return [text for text in texts if isinstance(text, str) and text]


def openinference_tools(branch: Tree) -> list[Any]:
    """`llm.tools.N.tool.json_schema`."""
    found = []
    for each in _objects(branch, "tool"):
        schema = parsed(_leaf(each.get("json_schema")))
        found.append(schema if isinstance(schema, dict) else {key: _leaf(value) for key, value in each.items()})
    return found


def openinference_documents(branch: Tree) -> list[dict[str, Any]]:
    """`….N.document.{id,content,score,metadata}`."""
    found = []
    for each in _objects(branch, "document"):
        document = {key: _leaf(value) for key, value in each.items() if key != "metadata"}
        metadata = each.get("metadata")
        if metadata is not None:
            document["metadata"] = metadata if isinstance(metadata, dict) else parsed(metadata)
        found.append(document)
    return found


def vectors(branch: Tree) -> list[Any]:
    """`embedding.embeddings.N.embedding.vector`."""
    return [each["vector"] for each in _objects(branch, "embedding") if isinstance(each.get("vector"), (list, str))]


# --- OpenLLMetry


def openllmetry_messages(branch: Tree) -> list[dict[str, Any]]:
    """`gen_ai.prompt.N.*` and `gen_ai.completion.N.*` as OpenAI would write them."""
    return [_openllmetry_message(each) for each in indexed(branch) if isinstance(each, dict)]


def _openllmetry_message(branch: Tree) -> dict[str, Any]:
    made: dict[str, Any] = {
        key: _leaf(branch.get(key))
        for key in (
            "role",
            "name",
            "content",
            "tool_call_id",
            "finish_reason",
            "reasoning",
            "reasoning_content",
            "refusal",
        )
    }
    made["tool_calls"] = [each for each in map(_openllmetry_call, indexed(branch.get("tool_calls"))) if each]
    if isinstance(branch.get("tool_calls"), (str, list)):
        made["tool_calls"] = parsed(branch["tool_calls"])
    call = branch.get("function_call")
    if isinstance(call, dict):
        call = _function_call(call)
        if call:
            made["function_call"] = call
    if made["content"] == "None" and ("function_call" in made or made["tool_calls"]):
        made["content"] = ""  # how LiteLLM writes that there is no text beside the calls
    return {key: value for key, value in made.items() if not is_empty(value)}


def _function_call(branch: Tree) -> dict[str, Any]:
    """`function_call.{name,arguments}`, or numbered ones of which there is only one."""
    inner = next((each for each in indexed(branch) if isinstance(each, dict)), branch)
    return _openllmetry_call(inner)


def _openllmetry_call(branch: Any) -> dict[str, Any]:
    if not isinstance(branch, dict):
        return {}
    function = branch.get("function")
    inner: Mapping[str, Any] = function if isinstance(function, dict) else {}
    name = _leaf(branch.get("name")) or _leaf(inner.get("name"))
    arguments = branch.get("arguments", inner.get("arguments"))
    if is_empty(name) and is_empty(arguments):
        return {}
    return {"type": "tool_call", "id": _leaf(branch.get("id")), "name": name, "arguments": arguments}


def openllmetry_functions(branch: Tree) -> list[Any]:
    """`llm.request.functions.N.{name,description,parameters}`."""
    return [
        {key: parsed(_leaf(value)) if key != "name" else _leaf(value) for key, value in each.items()}
        for each in _objects(branch)
    ]
