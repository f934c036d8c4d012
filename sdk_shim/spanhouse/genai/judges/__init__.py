"""Judges: scorers that ask a model, by instructions of yours.

Owns: `make_judge` and `Judge`: the instructions' variables, the form of the answer and how it is read, the conversation
with tools where a judge reads a whole trace. Leaves the model to `judges.model`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args, get_origin

from spanhouse.assessments import AssessmentSource, AssessmentSourceType, Feedback
from spanhouse.errors import InvalidArgument
from spanhouse.genai.judges.model import JudgeModel, JudgeUnavailable
from spanhouse.genai.judges.trace_tools import TOOLS, answer
from spanhouse.genai.scoring import Scorer
from spanhouse.span_types import SpanType
from spanhouse.spans import start_span
from spanhouse.trace_data import Trace

__all__ = ["Judge", "JudgeModel", "JudgeUnavailable", "make_judge"]

VARIABLES: Final = ("inputs", "outputs", "expectations", "trace")
TURNS_MAX: Final = 15
FIELD_CHARACTERS_MAX: Final = 100_000
_VARIABLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_JSON_TYPES: Final[Mapping[type, str]] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_FENCE: Final = re.compile(r"^\s*```(?:json)?\s*|\s*```\s*$")
_SYSTEM: Final = """You judge the answers of an application. Judge only what the instructions ask for.

{instructions}

Answer with one JSON object and nothing else: {{{members}}}."""


class Judge(Scorer):
    """A scorer that asks a model. Made by `make_judge`."""

    def __init__(
        self,
        name: str,
        instructions: str,
        model: JudgeModel,
        *,
        description: str | None = None,
        value_type: Any = str,
        rationale_first: bool = False,
    ) -> None:
        is_number = value_type in (bool, int, float)
        super().__init__(name, description=description, aggregations=["mean"] if is_number else [])
        self.instructions = instructions
        self.model = model.uri
        self._model = model
        self._value_type = value_type
        self._rationale_first = rationale_first
        self._variables = _variables(instructions)

    @property
    def fields(self) -> frozenset[str]:
        """What its instructions name; the trace too, where inputs and outputs may come from."""
        return frozenset(self._variables)

    def __call__(
        self, *, inputs: Any = None, outputs: Any = None, expectations: Any = None, trace: Trace | None = None
    ) -> Feedback:
        """The model's judgement.

        Raises:
            InvalidArgument: what the instructions name is not given.
            JudgeUnavailable: the model does not answer, or not in the form that it was asked for.

        """
        given = {"inputs": inputs, "outputs": outputs, "expectations": expectations, "trace": trace}
        if trace is not None and trace.spans:
            given["inputs"] = trace.data.spans[0].inputs if inputs is None else inputs
            given["outputs"] = trace.data.spans[0].outputs if outputs is None else outputs
        missing = [name for name in self._variables if given[name] is None]
        if missing:
            raise InvalidArgument(f"judge {self.name!r} needs {', '.join(missing)}")
        with start_span(f"judge {self.name}", SpanType.EVALUATOR) as span:
            span.set_inputs(
                {name: value for name, value in given.items() if name in self._variables and name != "trace"}
            )
            value, rationale, tokens = self._judgement(given)
            span.set_outputs({"result": value, "rationale": rationale})
        return Feedback(
            self.name,
            value,
            source=AssessmentSource(AssessmentSourceType.LLM_JUDGE, self.model),
            rationale=rationale,
            metadata={"guideline": self.instructions[:1_000], **tokens},
        )

    def _judgement(self, given: Mapping[str, Any]) -> tuple[Any, str, dict[str, str]]:
        shown = [f"{name}: {_shown(given[name])}" for name in self._variables if name != "trace"]
        if "trace" in self._variables:
            shown.append("trace: read it with the tools")
        members = ['"result": …', '"rationale": why, in a sentence or two']
        ordered = members[::-1] if self._rationale_first else members
        system = _SYSTEM.format(instructions=self.instructions, members=", ".join(ordered))
        messages: list[Mapping[str, Any]] = [
            {"role": "system", "content": system},
            {"role": "user", "content": "\n\n".join(shown)},
        ]
        read = 0, 0
        for _ in range(TURNS_MAX):
            said = self._model.ask(messages, self._schema(), TOOLS if "trace" in self._variables else ())
            read = read[0] + (said.input_tokens or 0), read[1] + (said.output_tokens or 0)
            if not said.calls:
                tokens = {"mlflow.assessment.judgeInputTokens": str(read[0]),
                          "mlflow.assessment.judgeOutputTokens": str(read[1])}  # fmt: skip
                return (*self._read(said.text), tokens)
            messages += [said.message, *(_tool_answer(given["trace"], call) for call in said.calls)]
        raise JudgeUnavailable(f"judge {self.name!r} asked for tools {TURNS_MAX} times and did not answer")

    def _schema(self) -> dict[str, Any]:
        properties = {"result": _json_schema(self._value_type), "rationale": {"type": "string"}}
        names = sorted(properties) if self._rationale_first else ["result", "rationale"]
        return {"type": "object", "properties": {name: properties[name] for name in names}, "required": names,
                "additionalProperties": False}  # fmt: skip

    def _read(self, text: str) -> tuple[Any, str]:
        try:
            made = json.loads(_object_in(text))
            result, rationale = made["result"], str(made.get("rationale") or "")
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise JudgeUnavailable(
                f"judge {self.name!r} answered {text.strip()[:200]!r}, which is not the form"
            ) from error
        return _typed(result, self._value_type, self.name), rationale


def make_judge(
    name: str,
    instructions: str,
    model: str | None = None,
    description: str | None = None,
    feedback_value_type: Any = None,
    inference_params: Mapping[str, Any] | None = None,
    base_url: str | None = None,
    extra_headers: Mapping[str, str] | None = None,
    generate_rationale_first: bool = False,
) -> Judge:
    """A judge by instructions that name what it sees: {{ inputs }}, {{ outputs }}, {{ expectations }}, {{ trace }}.

    *feedback_value_type*: str, bool, int, float, a `Literal` of these, a list or a dict of them.

    Raises:
        InvalidArgument: the instructions name nothing or something else, the type or the model cannot be.

    """
    value_type = str if feedback_value_type is None else feedback_value_type
    _json_schema(value_type)
    _variables(instructions)
    judge_model = JudgeModel(model, base_url=base_url, extra_headers=extra_headers, parameters=inference_params)
    return Judge(name, instructions, judge_model, description=description, value_type=value_type,
                 rationale_first=generate_rationale_first)  # fmt: skip


def _variables(instructions: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(_VARIABLE.findall(instructions)))
    unknown = [name for name in found if name not in VARIABLES]
    if unknown:
        raise InvalidArgument(f"instructions name {{{{ {unknown[0]} }}}}: there are {', '.join(VARIABLES)}")
    if not found:
        raise InvalidArgument(f"instructions name nothing to judge: {{{{ {VARIABLES[1]} }}}}, for one")
    return found


def _json_schema(value_type: Any) -> dict[str, Any]:
    if value_type in _JSON_TYPES:
        return {"type": _JSON_TYPES[value_type]}
    origin, members = get_origin(value_type), get_args(value_type)
    if origin is Literal and members and all(type(member) in _JSON_TYPES for member in members):
        return {"enum": list(members)}
    if origin is list and len(members) == 1:
        return {"type": "array", "items": _json_schema(members[0])}
    if origin is dict and len(members) == 2 and members[0] is str:
        return {"type": "object", "additionalProperties": _json_schema(members[1])}
    raise InvalidArgument(
        f"feedback_value_type={value_type!r}: str, bool, int, float, a Literal, list or dict of these"
    )


def _typed(result: Any, value_type: Any, name: str) -> Any:
    """The result as the type that was asked for, where a model only wrote it differently."""
    allowed = get_args(value_type) if get_origin(value_type) is Literal else ()
    if allowed:
        same = next((each for each in allowed if str(each).lower() == str(result).strip().lower()), None)
        if same is None:
            raise JudgeUnavailable(f"judge {name!r} answered {result!r}: it may be {', '.join(map(str, allowed))}")
        return same
    if value_type is bool and isinstance(result, str) and result.lower() in ("true", "false", "yes", "no"):
        return result.lower() in ("true", "yes")
    if value_type in (int, float) and not isinstance(result, bool):
        try:
            return value_type(result)
        except (TypeError, ValueError):
            raise JudgeUnavailable(f"judge {name!r} answered {result!r}, which is no number") from None
    if value_type in _JSON_TYPES and not isinstance(result, value_type):
        raise JudgeUnavailable(f"judge {name!r} answered {result!r}, which is no {value_type.__name__}")
    return result


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= FIELD_CHARACTERS_MAX else f"{text[:FIELD_CHARACTERS_MAX]} … cut"


def _object_in(text: str) -> str:
    """The JSON object of an answer that may stand in a fence or between words."""
    plain = _FENCE.sub("", text)
    start, end = plain.find("{"), plain.rfind("}")
    return plain[start : end + 1] if 0 <= start < end else plain


def _tool_answer(trace: Trace, call: Mapping[str, Any]) -> dict[str, Any]:
    function: Mapping[str, Any] = call.get("function") or {}
    try:
        arguments: Any = json.loads(function.get("arguments") or "{}")
    except json.JSONDecodeError:
        arguments = {}
    content = answer(trace, str(function.get("name")), arguments if isinstance(arguments, Mapping) else {})
    return {"role": "tool", "tool_call_id": call.get("id", ""), "content": content}


def judged(name: str, instructions: str, model: JudgeModel, fields: Mapping[str, Any]) -> Feedback:
    """A yes or no of a built-in scorer: the fields are shown under their names.

    Raises:
        JudgeUnavailable: as `Judge.__call__`.

    """
    judge = Judge(
        name, f"{instructions}\n{{{{ inputs }}}}", model, value_type=Literal["yes", "no"], rationale_first=True
    )
    return judge(inputs=dict(fields))


def texts_of(values: Sequence[Any]) -> str:
    """Several things as one numbered text."""
    return "\n".join(f"{number}. {_shown(value)}" for number, value in enumerate(values, 1))
