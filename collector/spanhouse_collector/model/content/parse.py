"""Values as they were meant: JSON in text, JSON in JSON in text, Python's repr, or plain text.

Owns the tolerant reading of a value under a content-bearing key, and the telling of content from its stand-ins
(placeholders, redaction markers). What does not parse is text: nothing is dropped and nothing raises.

Source: dialects.md section 1, rules 3, 4 and 6; openinference `config.py` (`__REDACTED__`), claude-code's
monitoring page (`<REDACTED>`), langsmith-sdk `_internal/otel` (details as repr).
"""

from __future__ import annotations

import ast
import base64
import json
from typing import Any, Final

import orjson

from spanhouse_collector.model.dialects.shared.placeholders import PLACEHOLDERS, SCRUBBED_PREFIX

ENCODINGS_MAX: Final = 3  # JSON in JSON in JSON
REPR_CHARACTERS_MAX: Final = 64 * 1024
DEPTH_MAX: Final = 64
_INTEGER_MAX: Final = 2**63
REDACTED: Final = frozenset(
    {"<redacted>", "[redacted]", "__redacted__", "<elided>", "<not serializable>", "redacted", "[scrubbed]"}
)
_FAILED: Final = object()


def parsed(value: Any) -> Any:
    """The structure in `value`; text that holds none as it is."""
    for _ in range(ENCODINGS_MAX):
        if not isinstance(value, str):
            break
        text = value.strip()
        if text[:1] not in ("{", "[", '"', "("):
            break
        decoded = _structure(text)
        if decoded is _FAILED:
            break
        value = decoded
    return value


def parsed_scalar(value: Any) -> Any:
    """Like `parsed`, for keys whose text may also be a JSON number, true, false or null."""
    found = parsed(value)
    if not isinstance(found, str) or found is not value or len(found) > 40:
        return found
    scalar = _json(found.strip())
    return found if scalar is _FAILED else scalar


def _structure(text: str) -> Any:
    decoded = _json(text)
    if decoded is _FAILED and text[0] in "{[(" and len(text) <= REPR_CHARACTERS_MAX:
        decoded = _python_repr(text)
    if decoded is not _FAILED and not _is_shallow(decoded):
        return _FAILED
    return decoded


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        if "NaN" not in text and "Infinity" not in text and "\\u" not in text:
            return _FAILED
    # What orjson refuses and senders write: NaN, Infinity, lone surrogates.
    try:
        return plain(json.loads(text, parse_constant=lambda _: None))
    except (ValueError, RecursionError):
        return _FAILED


def _python_repr(text: str) -> Any:
    try:
        return plain(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _FAILED


def _is_shallow(value: Any) -> bool:
    """Whether nothing nests deeper than DEPTH_MAX: what recursive readers may be given."""
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [
            child
            for each in level
            if isinstance(each, (dict, list))
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return True
    return False


def plain(value: Any, depth: int = 0) -> Any:
    """A value that JSON can say: keys are text, bytes are base64, numbers fit 64 bits, no lone surrogates."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if -_INTEGER_MAX <= value < _INTEGER_MAX else float(value) if abs(value) < 1e300 else str(value)
    if depth > DEPTH_MAX:
        return "…"
    if isinstance(value, dict):
        return {_key(key): plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each, depth + 1) for each in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _key(key: Any) -> str:
    return str(plain(key)) if isinstance(key, (str, int, float, bytes)) else repr(key)


def json_text(value: Any) -> str:
    """Text of any value: text as it is, everything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        return json.dumps(plain(value), ensure_ascii=False)


def is_redacted(value: Any) -> bool:
    """Whether this is a marker in place of content."""
    if not isinstance(value, str) or not 6 <= len(value) <= 200:
        return False
    return value.startswith(SCRUBBED_PREFIX) or value.strip().lower() in REDACTED


def is_empty(value: Any) -> bool:
    """Whether this carries no content at all."""
    return value is None or value in ("", [], {}) or value == b""


def is_placeholder(value: Any) -> bool:
    """Whether this, under a key that names something, stands for no name."""
    return is_empty(value) or (isinstance(value, str) and (len(value) < 20 and value.strip().lower() in _PLACEHOLDERS))


_PLACEHOLDERS: Final = frozenset((*PLACEHOLDERS, ""))
