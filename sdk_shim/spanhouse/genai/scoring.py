"""A scorer: a function that judges one answer.

Owns: `Scorer`, which a class may extend, `@scorer`, and what a result becomes: feedbacks, an exception and a timeout
included. Leaves when scorers run to `evaluation`.
"""

from __future__ import annotations

import contextvars
import inspect
import math
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, overload

from spanhouse.assessments import AssessmentError, AssessmentSource, AssessmentSourceType, Feedback
from spanhouse.errors import InvalidArgument

FIELDS: Final = ("inputs", "outputs", "expectations", "trace", "session")
TIMEOUT_S_DEFAULT: Final = 300.0
AGGREGATIONS: Final = ("min", "max", "mean", "median", "variance", "p90")
DEFAULT_NAME: Final = "feedback"
STACK_CHARACTERS_MAX: Final = 65_536
Aggregation = str | Callable[[Sequence[float]], float]


class ScorerTimeout(Exception):
    """A scorer took longer than its timeout."""


class Scorer:
    """Judges one row. Subclasses have `name` and a `__call__` that takes any of FIELDS by keyword.

    `pass_if` says whether a value is good enough for `EvaluationResult.passed`; without it, true and `yes` are.

    Raises:
        InvalidArgument: the name, an aggregation or the timeout cannot be.

    """

    name: str = ""
    description: str | None = None
    aggregations: Sequence[Aggregation] | None = None
    pass_if: Callable[[Any], bool] | None = None
    timeout: float | None = None

    def __init__(
        self,
        name: str | None = None,
        *,
        description: str | None = None,
        aggregations: Sequence[Aggregation] | None = None,
        pass_if: Callable[[Any], bool] | None = None,
        timeout: float | None = None,
    ) -> None:
        self.name = name or self.name
        self.description = description or self.description
        self.aggregations = aggregations if aggregations is not None else self.aggregations
        self.pass_if = pass_if or self.pass_if
        self.timeout = timeout if timeout is not None else self.timeout
        if not self.name:
            raise InvalidArgument(f"{type(self).__name__} needs a name")
        for aggregation in self.aggregations or ():
            if isinstance(aggregation, str) and aggregation not in AGGREGATIONS:
                raise InvalidArgument(
                    f"aggregation {aggregation!r}: it is one of {', '.join(AGGREGATIONS)}, or a function"
                )
        _check_timeout(self.timeout)

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse a scorer whose answer would be a coroutine that nobody awaits."""
        super().__init_subclass__(**options)
        if inspect.iscoroutinefunction(cls.__dict__.get("__call__")):
            raise TypeError(f"{cls.__name__}.__call__ is a coroutine function: scorers are called, not awaited")

    def __call__(self, *none: Any, **fields: Any) -> Any:
        """The judgement: bool, int, float, str, Feedback, a list of Feedback, or None for none."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"

    @property
    def fields(self) -> frozenset[str]:
        """Which of FIELDS it takes."""
        return _fields_of(self.__call__)

    @property
    def is_session_level_scorer(self) -> bool:
        """Whether it judges a whole session."""
        return "session" in self.fields and len(self.fields - {"expectations"}) == 1

    def run(self, **fields: Any) -> list[Feedback]:
        """Judge one row, passing only what it takes; never raises: an exception becomes a feedback with an error."""
        given = {name: value for name, value in fields.items() if name in self.fields}
        try:
            value = _within(self._timeout_s, lambda: self(**given))
            return feedbacks_of(value, self.name)
        except Exception as error:  # noqa: BLE001 - a scorer is somebody else's code
            return [_failed(self.name, error)]

    @property
    def _timeout_s(self) -> float | None:
        timeout_s = TIMEOUT_S_DEFAULT if self.timeout is None else self.timeout
        return timeout_s or None


class FunctionScorer(Scorer):
    """A scorer made of a function by `@scorer`."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        super().__init__(options.pop("name", None) or function.__name__, **options)
        self._function = function
        fields = _fields_of(function)
        unknown = [name for name in inspect.signature(function).parameters if name not in FIELDS]
        if unknown and not _takes_any(function):
            raise InvalidArgument(f"scorer {self.name!r} takes {unknown[0]!r}: it may take {', '.join(FIELDS)}")
        if "session" in fields and fields & {"inputs", "outputs", "trace"}:
            raise InvalidArgument(f"scorer {self.name!r}: session stands alone, or beside expectations")
        self.__doc__ = function.__doc__
        self.__wrapped__ = function

    def __call__(self, *given: Any, **fields: Any) -> Any:
        """Call the function."""
        return self._function(*given, **fields)

    @property
    def fields(self) -> frozenset[str]:
        """See `Scorer`."""
        return _fields_of(self._function)


@overload
def scorer(func: Callable[..., Any]) -> Scorer: ...
@overload
def scorer(
    func: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    aggregations: Sequence[Aggregation] | None = None,
    pass_if: Callable[[Any], bool] | None = None,
    timeout: float | None = None,
) -> Callable[[Callable[..., Any]], Scorer]: ...
def scorer(func: Callable[..., Any] | None = None, **options: Any) -> Scorer | Callable[[Callable[..., Any]], Scorer]:
    """Make a scorer of a function, with or without parentheses."""
    return FunctionScorer(func) if func is not None else lambda function: FunctionScorer(function, **options)


def feedbacks_of(value: Any, name: str) -> list[Feedback]:
    """What a scorer's result is as feedbacks; those without a name of their own take the scorer's.

    Raises:
        InvalidArgument: it is nothing that can be one.

    """
    if value is None:
        return []
    if isinstance(value, Feedback):
        if value.name == DEFAULT_NAME:
            value.name = name
        return [value]
    if isinstance(value, list):
        if not all(isinstance(each, Feedback) for each in value):
            raise InvalidArgument(f"scorer {name!r} returned a list that holds more than Feedback")
        return [feedback for each in value for feedback in feedbacks_of(each, name)]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # a scalar of NumPy
        value = value.item()
    if not isinstance(value, (bool, int, float, str)):
        raise InvalidArgument(
            f"scorer {name!r} returned {type(value).__name__}: a number, bool, text, Feedback or None"
        )
    return [Feedback(name, str(value) if type(value).__mro__[1] is str else value, source=_code(name))]


def _code(name: str) -> AssessmentSource:
    return AssessmentSource(AssessmentSourceType.CODE, name)


def _failed(name: str, error: Exception) -> Feedback:
    stack = "".join(traceback.format_exception(error))[-STACK_CHARACTERS_MAX:]
    return Feedback(
        name, error=AssessmentError("SCORER_ERROR", str(error) or type(error).__name__, stack), source=_code(name)
    )


def _within(timeout_s: float | None, call: Callable[[], Any]) -> Any:
    """The result of a call, in a thread of its own where it may take too long; that thread is left behind then."""
    if timeout_s is None:
        return call()
    outcome: dict[str, Any] = {}
    context = contextvars.copy_context()

    def work() -> None:
        try:
            outcome["value"] = context.run(call)
        except BaseException as error:  # noqa: BLE001 - raised again below, where it is waited for
            outcome["error"] = error

    thread = threading.Thread(target=work, name="spanhouse-scorer", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if thread.is_alive():
        raise ScorerTimeout(f"no result within {timeout_s:g} s")
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def _fields_of(function: Callable[..., Any]) -> frozenset[str]:
    if _takes_any(function):
        return frozenset(FIELDS) - {"session"}
    return frozenset(inspect.signature(function).parameters) & frozenset(FIELDS)


def _takes_any(function: Callable[..., Any]) -> bool:
    parameters: Mapping[str, inspect.Parameter] = inspect.signature(function).parameters
    return any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())


def _check_timeout(timeout: Any) -> None:
    if timeout is None:
        return
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not math.isfinite(timeout) or timeout < 0:
        raise InvalidArgument(f"timeout={timeout!r}: seconds, 0 for none")
