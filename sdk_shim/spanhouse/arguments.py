"""The arguments of a call by their names.

Owns: `Binder`, made once per traced function. The common signature is bound by zipping names; anything else through
`inspect`. `self`, `cls` are left out. A call that does not fit is the function's own to refuse: it is recorded as it
came.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

_RECEIVERS: Final = ("self", "cls", "mcs")


class Binder:
    """Binds arguments to the names of one function's parameters."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._names: tuple[str, ...] = ()
        self._defaults: dict[str, Any] = {}
        self._signature: inspect.Signature | None = None
        self._is_simple = False
        self._skips_first = False
        try:
            self._signature = inspect.signature(function)
        except (TypeError, ValueError):  # builtins without a signature
            return
        parameters = list(self._signature.parameters.values())
        if parameters and parameters[0].name in _RECEIVERS and parameters[0].kind in _POSITIONAL:
            self._skips_first = True
            parameters = parameters[1:]
        self._is_simple = all(parameter.kind in (*_POSITIONAL, _KEYWORD_ONLY) for parameter in parameters)
        self._names = tuple(parameter.name for parameter in parameters if parameter.kind in _POSITIONAL)
        self._defaults = {
            parameter.name: parameter.default for parameter in parameters if parameter.default is not _EMPTY
        }

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments by name, with the defaults of those not given."""
        if self._is_simple:
            given = args[1:] if self._skips_first else args
            if len(given) > len(self._names):
                return {"args": list(given), "kwargs": dict(kwargs)}
            bound = dict(zip(self._names, given, strict=False))
            bound.update(kwargs)
            if self._defaults and len(bound) < len(self._names) + len(self._defaults):
                for name, value in self._defaults.items():
                    if name not in bound:
                        bound[name] = value
            return bound
        return self._bind_any(args, kwargs)

    def _bind_any(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        if self._signature is None:
            return {"args": list(args), "kwargs": dict(kwargs)}
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError:
            return {"args": list(args), "kwargs": dict(kwargs)}
        bound.apply_defaults()
        names = iter(bound.arguments.items())
        if self._skips_first:
            next(names, None)
        return dict(names)


_POSITIONAL: Final = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_KEYWORD_ONLY: Final = inspect.Parameter.KEYWORD_ONLY
_EMPTY: Final = inspect.Parameter.empty
