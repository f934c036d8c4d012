"""Match clauses of `genai-prices` as regular expressions that ClickHouse's multi-pattern search takes.

Owns the translation: clause → `Form`, `Form` → rows of `model_price_patterns`. That search (Vectorscan) knows no
look-around, so a negative look-ahead becomes a second pattern that must not match.

Source: pydantic/genai-prices, types.py (`Clause*.is_match`): all but regular expressions compare without case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from genai_prices.types import MatchLogic

SEPARATOR: Final = "\x1f"  # between provider and model in the text that is searched
_NOT_SEPARATOR: Final = r"[^\x1f]*"
_PLAIN: Final = re.compile(r"[a-z0-9 _/@:\u0080-\U0010ffff-]")
_UNSUPPORTED: Final = re.compile(r"\(\?(?!:)|\\[1-9]")

ANY_PROVIDER: Final = "*"


@dataclass(frozen=True)
class Form:
    """What a text must and must not look like: expressions that match from its first character on."""

    must: str
    must_not: tuple[str, ...] = ()


@dataclass(frozen=True)
class PatternRow:
    """A row of `model_price_patterns`; `forbidden` are positions of others that must not match."""

    position: int
    asked: str  # the provider whose models it tells apart, ANY_PROVIDER if it tells the provider, '' for helpers
    pattern: str
    provider: str  # the provider that it tells, or the one that the price of `model` is found under
    model: str
    forbidden: tuple[int, ...] = ()


@dataclass
class PatternTable:
    """Rows under construction, in order of precedence."""

    skipped: list[str] = field(default_factory=list)
    _rows: list[tuple[str, Form, str, str]] = field(default_factory=list)

    def add_exact_provider(self, spelling: str, provider: str) -> None:
        """A name of a provider that needs no pattern."""
        self._rows.append((ANY_PROVIDER, Form(f"{_escaped(spelling)}\\x1f"), provider, ""))

    def add_provider(self, form: Form | str, provider: str) -> None:
        """A provider recognised by its own name."""
        # Not across the separator: what comes after it is no part of the name.
        self._add(ANY_PROVIDER, form, "", provider, "", over_provider=True)

    def add_absent_provider(self, form: Form | str, provider: str) -> None:
        """A provider that the caller did not name, recognised by the model."""
        self._add(ANY_PROVIDER, form, "\\x1f", provider, "")

    def add_model(self, form: Form | str, asked: str, provider: str, model: str) -> None:
        """A model of the provider `asked`, priced as that of `provider`."""
        self._add(asked, form, f"{_NOT_SEPARATOR}\\x1f", provider, model)

    def _add(
        self, asked: str, form: Form | str, prefix: str, provider: str, model: str, *, over_provider: bool = False
    ) -> None:
        if isinstance(form, str):
            self.skipped.append(f"{provider} {model}: {form}")
            return
        scoped = Form(
            prefix + _scope(form.must, over_provider),
            tuple(prefix + _scope(text, over_provider) for text in form.must_not),
        )
        self._rows.append((asked, scoped, provider, model))

    def rows(self) -> tuple[PatternRow, ...]:
        """All rows, numbered from 1; helpers that only `forbidden` names come last."""
        helpers: dict[str, int] = {}

        def number(text: str) -> int:
            return helpers.setdefault(text, len(self._rows) + 1 + len(helpers))

        rows = [
            PatternRow(
                position,
                asked,
                f"^{form.must}",
                provider,
                model,
                tuple(map(number, form.must_not)),
            )
            for position, (asked, form, provider, model) in enumerate(self._rows, 1)
        ]
        rows += [PatternRow(position, "", f"^{text}", "", "") for text, position in helpers.items()]
        return tuple(rows)


def equal_texts(clause: MatchLogic) -> Iterator[str]:
    """The names that a clause spells out whole."""
    from genai_prices.types import ClauseEquals, ClauseOr

    if isinstance(clause, ClauseEquals):
        yield clause.equals.lower()
    elif isinstance(clause, ClauseOr):
        for each in clause.or_:
            yield from equal_texts(each)


def forms_of(clause: MatchLogic, *, with_equal_texts: bool) -> Iterator[Form | str]:
    """The clause as alternatives, with or without the names that it spells out; a str is what cannot be translated."""
    from genai_prices.types import ClauseAnd, ClauseEquals, ClauseOr

    if isinstance(clause, ClauseOr):
        for each in clause.or_:
            yield from forms_of(each, with_equal_texts=with_equal_texts)
    elif isinstance(clause, ClauseAnd):
        yield _both([_form(each) for each in clause.and_]) or repr(clause)
    elif with_equal_texts or not isinstance(clause, ClauseEquals):
        yield _form(clause)


def _both(parts: list[Form | str]) -> Form | None:
    """AND of one pattern with exclusions, or of texts that are contained in either order; None for what is neither."""
    forms = [part for part in parts if isinstance(part, Form)]
    musts = [form.must for form in forms if form.must]
    must_not = tuple(text for form in forms for text in form.must_not)
    if len(forms) < len(parts) or len(musts) > 2:
        return None
    if len(musts) < 2:
        return Form("".join(musts), must_not)
    if not all(must.startswith(".*") for must in musts):
        return None
    return Form(f"(?:{musts[0]}{musts[1]}|{musts[1]}{musts[0]})", must_not)


def _form(clause: Any) -> Form | str:
    from genai_prices import types

    match clause:
        case types.ClauseEquals(text):
            return Form(f"{_escaped(text)}$")
        case types.ClauseStartsWith(text):
            return Form(_escaped(text))
        case types.ClauseEndsWith(text):
            return Form(f".*{_escaped(text)}$")
        case types.ClauseContains(text):
            return Form(f".*{_escaped(text)}")
        case types.ClauseRegex(text):
            return _regex_form(text) or repr(clause)
        case _:
            return repr(clause)


def _regex_form(text: str) -> Form | None:
    """An expression that is searched anywhere, as one that matches from the start; None when it says too much."""
    if not text.startswith("^"):
        return None if _UNSUPPORTED.search(text) else Form(f".*(?:{text})")
    rest, must_not = text[1:], []
    while rest.startswith("(?!"):
        end = _closing(rest)
        must_not.append(rest[len("(?!") : end])
        rest = rest[end + 1 :]
    parts = (rest, *must_not)
    if any(_UNSUPPORTED.search(part) for part in parts) or _has_alternatives(rest):
        return None
    return Form(rest, tuple(f"(?:{part})" if _has_alternatives(part) else part for part in must_not))


def _closing(text: str) -> int:
    """Where the group that the text begins with ends."""
    return next(end for end, depth in _depths(text) if depth == 0)


def _has_alternatives(text: str) -> bool:
    return any(text[index] == "|" and depth == 0 for index, depth in _depths(text))


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """The place of each character that is no escape and in no set, and how many groups are open behind it."""
    depth, index, in_set = 0, 0, False
    while index < len(text):
        character = text[index]
        if character == "\\":
            index += 2
            continue
        if in_set or character == "[":
            in_set = character != "]"
        else:
            depth += {"(": 1, ")": -1}.get(character, 0)
            yield index, depth
        index += 1


def _scope(text: str, over_provider: bool) -> str:
    """A pattern over a provider's name ends before the separator; one over a model's is at the end of the text."""
    if not over_provider:
        return text
    inner = text.replace(".*", _NOT_SEPARATOR)
    return inner[:-1] + r"\x1f" if inner.endswith("$") else inner + _NOT_SEPARATOR + r"\x1f"


def _escaped(text: str) -> str:
    return "".join(character if _PLAIN.fullmatch(character) else f"\\{character}" for character in text.lower())
