"""Scorers that ask no model.

Owns: `RegexMatch`, `ResponseLength`, `PIIDetection`, and what the text of an answer is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from spanhouse.assessments import AssessmentSource, AssessmentSourceType, Feedback
from spanhouse.errors import InvalidArgument
from spanhouse.genai.scoring import Scorer

PII_PATTERNS: Final[Mapping[str, str]] = {
    "email": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",
    "phone": r"(?<!\w)(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)|\d{2,4})[ .-]\d{3,4}[ .-]\d{3,4}(?!\w)",
    "ssn": r"\b\d{3}-\d{2}-\d{4}\b",
    "credit_card": r"\b(?:\d[ -]?){12,18}\d\b",
    "ip_address": r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b",
}
_CARD_DIGITS: Final = range(13, 20)


class RegexMatch(Scorer):
    """Whether the answer matches a regular expression."""

    name = "regex_match"

    def __init__(
        self,
        pattern: str,
        match_type: Literal["search", "fullmatch"] = "search",
        case_insensitive: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if match_type not in ("search", "fullmatch"):
            raise InvalidArgument(f"match_type={match_type!r}: search or fullmatch")
        try:
            self._pattern = re.compile(pattern, re.IGNORECASE if case_insensitive else 0)
        except re.error as error:
            raise InvalidArgument(f"pattern {pattern!r}: {error}") from None
        self._matches = getattr(self._pattern, match_type)

    def __call__(self, *, outputs: Any) -> Feedback:
        """Yes or no."""
        return yes_or_no(self.name, bool(self._matches(text_of_answer(outputs))), f"pattern {self._pattern.pattern!r}")


class ResponseLength(Scorer):
    """Whether the answer is as long as it may be, in characters or words."""

    name = "response_length"

    def __init__(
        self,
        min_length: int | None = None,
        max_length: int | None = None,
        unit: Literal["chars", "words"] = "chars",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if min_length is None and max_length is None:
            raise InvalidArgument("ResponseLength needs min_length or max_length")
        if unit not in ("chars", "words"):
            raise InvalidArgument(f"unit={unit!r}: chars or words")
        if min_length is not None and max_length is not None and min_length > max_length:
            raise InvalidArgument(f"min_length={min_length} is more than max_length={max_length}")
        self._least, self._most, self._unit = min_length, max_length, unit

    def __call__(self, *, outputs: Any) -> Feedback:
        """Yes or no."""
        text = text_of_answer(outputs)
        length = len(text) if self._unit == "chars" else len(text.split())
        is_fine = (self._least is None or length >= self._least) and (self._most is None or length <= self._most)
        return yes_or_no(self.name, is_fine, f"{length} {self._unit}")


class PIIDetection(Scorer):
    """Yes when the answer holds no personal data of these kinds."""

    name = "pii_detection"

    def __init__(self, pii_types: Sequence[str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        kinds = list(PII_PATTERNS) if pii_types is None else list(pii_types)
        unknown = [kind for kind in kinds if kind not in PII_PATTERNS]
        if unknown or not kinds:
            raise InvalidArgument(f"pii_types={pii_types!r}: of {', '.join(PII_PATTERNS)}")
        self._patterns = {kind: re.compile(PII_PATTERNS[kind]) for kind in kinds}

    def __call__(self, *, outputs: Any) -> Feedback:
        """Yes or no; the rationale names kinds and never what was found."""
        text = text_of_answer(outputs)
        found = [
            kind for kind, pattern in self._patterns.items() if any(_is(kind, m[0]) for m in pattern.finditer(text))
        ]
        return yes_or_no(self.name, not found, f"found: {', '.join(found)}" if found else "nothing found")


def _is(kind: str, text: str) -> bool:
    """Whether a match is what it looks like: numbers of cards end with a digit that the others give."""
    if kind != "credit_card":
        return True
    digits = [int(character) for character in text if character.isdigit()]
    if len(digits) not in _CARD_DIGITS:
        return False
    doubled = [digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4) for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def yes_or_no(name: str, is_fine: bool, rationale: str) -> Feedback:
    """A judgement made by code."""
    source = AssessmentSource(AssessmentSourceType.CODE, name)
    return Feedback(name, "yes" if is_fine else "no", source=source, rationale=rationale)


def text_of_answer(outputs: Any) -> str:
    """The words of an answer: text as it is, the content of chat completions, messages and responses, else JSON."""
    if isinstance(outputs, str):
        return outputs
    if isinstance(outputs, Mapping):
        for found in (_of_choices(outputs), _of_messages(outputs), outputs.get("content"), outputs.get("output_text")):
            if isinstance(found, str):
                return found
    return json.dumps(outputs, ensure_ascii=False, default=str)


def text_of_question(inputs: Any) -> str:
    """The words of a question: text, a single argument, the last message of a chat, else JSON."""
    if isinstance(inputs, str):
        return inputs
    if isinstance(inputs, Mapping):
        messages = inputs.get("messages")
        if isinstance(messages, list) and len(messages) == 1 and isinstance(messages[0], Mapping):
            return str(messages[0].get("content"))
        if len(inputs) == 1 and isinstance(value := next(iter(inputs.values())), str):
            return value
    return json.dumps(inputs, ensure_ascii=False, default=str)


def _of_choices(outputs: Mapping[str, Any]) -> Any:
    choices = outputs.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        message = choices[0].get("message")
        return message.get("content") if isinstance(message, Mapping) else None
    return None


def _of_messages(outputs: Mapping[str, Any]) -> Any:
    messages = outputs.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[-1], Mapping):
        return messages[-1].get("content")
    return None
