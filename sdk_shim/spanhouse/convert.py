"""Objects that JSON does not know, made plain.

Owns: `plain`, the answer to "what is this as JSON" for one object, small whatever the object's size. Numbers, frames
and tensors become a summary with their first rows; models of pydantic their fields; anything else its `repr`, cut. It
may raise what the object raises; `content` catches it.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final

import orjson

REPR_CHARACTERS_MAX: Final = 2_000
ARRAY_ITEMS_MAX: Final = 1_000
FRAME_ROWS_MAX: Final = 10
FRAME_COLUMNS_MAX: Final = 50
MAPPING_ITEMS_MAX: Final = 10_000
BYTES_MAX: Final = 1_024
REPR_ITEMS_MAX: Final = 16
_CONTAINERS: Final = (dict, list, tuple, set, frozenset, deque)
_REPEATABLE: Final = frozenset({int, float, bool, type(None), str})


def plain(value: Any) -> Any:
    """A JSON-able stand-in for *value*, one level deep; `orjson` calls it for every object it does not know."""
    kind = type(value)
    family = str(kind.__module__).partition(".")[0]
    if family in _FAMILIES:
        return _FAMILIES[family](value)
    if hasattr(kind, "__pydantic_serializer__"):
        return orjson.Fragment(kind.__pydantic_serializer__.to_json(value, warnings=False))
    return _builtin(value)


def fields_of(value: Any) -> dict[str, Any] | None:
    """The members of a mapping or of a model, as many as are sensible; None for anything else."""
    if isinstance(value, dict):
        return {str(key): item for key, item in islice(dict.items(value), MAPPING_ITEMS_MAX)}
    if isinstance(value, Mapping):
        return {str(key): item for key, item in islice(value.items(), MAPPING_ITEMS_MAX)}
    if hasattr(type(value), "model_dump"):
        return dict(value.model_dump(exclude_none=True))
    return None


def structure(value: Any) -> Any:
    """As `plain`, but pydantic's models as dicts that can be walked and cut."""
    if hasattr(type(value), "__pydantic_serializer__"):
        return type(value).__pydantic_serializer__.to_python(value, mode="json", warnings=False)
    if hasattr(type(value), "__dataclass_fields__") and hasattr(value, "__dict__"):
        return dict(vars(value))
    return plain(value)


def _builtin(value: Any) -> Any:
    if isinstance(value, (set, frozenset, deque, tuple)):
        return list(islice(iter(value), MAPPING_ITEMS_MAX))
    if isinstance(value, (bytes, bytearray, memoryview)):
        import base64

        size = len(value)
        return base64.b64encode(value).decode() if size <= BYTES_MAX else f"<{size} bytes>"
    if isinstance(value, (type, types.FunctionType, types.MethodType, types.BuiltinFunctionType)):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, Mapping):
        return {str(key): item for key, item in islice(value.items(), MAPPING_ITEMS_MAX)}
    return short_repr(value)


def short_repr(value: Any) -> str:
    """`repr`, cut; what has none of its own, or could be endless, is named by its class."""
    kind = type(value)
    if isinstance(value, _CONTAINERS):
        items = list(islice(iter(value), REPR_ITEMS_MAX + 1))
        held = islice(dict.values(value), REPR_ITEMS_MAX) if isinstance(value, dict) else ()
        if len(items) > REPR_ITEMS_MAX or not all(map(_is_short, (*items, *held))):
            return f"<{kind.__qualname__}>"
    if isinstance(value, int) and value.bit_length() > REPR_CHARACTERS_MAX:
        return f"<integer of {value.bit_length()} bits>"
    if getattr(kind, "__repr__", None) is getattr(object, "__repr__", None):
        return f"<{kind.__module__}.{kind.__qualname__} object>"
    text = repr(value)
    if len(text) <= REPR_CHARACTERS_MAX:
        return text
    return text[:REPR_CHARACTERS_MAX] + f"… [truncated, {len(text)} characters]"


def _is_short(item: Any) -> bool:
    return type(item) in _REPEATABLE and (type(item) is not str or len(item) <= REPR_CHARACTERS_MAX)


def _numpy(value: Any) -> Any:
    if not hasattr(value, "shape") or not hasattr(value, "tolist"):
        return short_repr(value)
    if value.size <= ARRAY_ITEMS_MAX:
        return value.tolist()
    return {
        "type": "ndarray",
        "shape": list(value.shape),
        "dtype": str(value.dtype),
        "head": value.ravel()[:FRAME_ROWS_MAX].tolist(),
    }


def _pandas(value: Any) -> Any:
    name = type(value).__name__
    if name == "DataFrame":
        head = value.iloc[:FRAME_ROWS_MAX, :FRAME_COLUMNS_MAX]
        return {
            "type": "DataFrame",
            "shape": list(value.shape),
            "columns": [str(column) for column in head.columns],
            "head": head.to_numpy().tolist(),
        }
    if hasattr(value, "iloc"):
        return {"type": name, "shape": list(value.shape), "head": value.iloc[:FRAME_ROWS_MAX].tolist()}
    return str(value)[:REPR_CHARACTERS_MAX]


def _tensor(value: Any) -> Any:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        shape = value.shape() if callable(value.shape) else value.shape
        return {"type": type(value).__name__, "shape": list(shape), "dtype": str(value.dtype)}
    return short_repr(value)


def _named(value: Any) -> str:
    """Only the class: the `repr` of these asks a database or a cluster."""
    return f"<{type(value).__module__}.{type(value).__qualname__} object>"


_FAMILIES: Final[dict[str, Callable[[Any], Any]]] = {
    "datetime": str,
    "decimal": str,
    "fractions": str,
    "ipaddress": str,
    "pathlib": str,
    "numpy": _numpy,
    "pandas": _pandas,
    "torch": _tensor,
    "tensorflow": _tensor,
    "jaxlib": _tensor,
    "jax": _tensor,
    "django": _named,
    "pyspark": _named,
    "sqlalchemy": _named,
}
