"""What a span costs, as SQL that runs inside the ingest view and in re-pricing.

Owns the expressions over the look-up tables and the layout of `price_rules.rules`. Leaves filling those tables to
`storage.prices_tables`, and which columns hold the operands to the caller.

Every expression is total: NULL, zero and huge counts yield a number or NULL, a missing price NULL. They are written for
few functions rather than for few operations, because the view's text is analysed at each insert. Measurements and the
alternatives: decision 009.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from spanhouse_collector.model.prices_match import ANY_PROVIDER

# What a rule of `price_rules.rules` says of when it holds, one number after the other …
RULE_CONDITIONS: Final = ("from_s", "to_s", "day_from_s", "day_length_s", "above_input_tokens")
# … and then US dollars for one token of each count. Those of parts are what is paid more or less than for the whole.
RULE_COUNTS: Final = (
    "input",
    "output",
    "request",
    "cache_read",
    "cache_write",
    "reasoning_output",
    "cache_write_1h",
    "input_audio",
    "output_audio",
)
RULE_FIELDS: Final = (*RULE_CONDITIONS, *RULE_COUNTS)
MODEL_LENGTH_MAX: Final = 256  # longer than any name; keeps the search in bounds whatever a client sends
SECONDS_PER_DAY: Final = 86_400
PRICED_AS: Final = (
    "="  # before the provider of a model that a pattern led to: a model's own name can be another's alias
)
COST_COLUMN: Final = "computed_cost_usd"
_COMPACT_DATE: Final = r"-(20[0-9]{2})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])(-|:|$)"
_DASHED_DATE: Final = r"-\\1-\\2-\\3\\4"


@dataclass(frozen=True)
class CostOperands:
    """SQL expressions of a span; a count that it does not have is ''.

    `input_tokens` includes cache and audio, `output_tokens` reasoning and audio, `cache_write` what
    is kept for an hour.
    """

    project: str = "project"
    provider: str = "provider"
    model: str = "model"
    start_time: str = "start_time"  # DateTime64(9)
    input_tokens: str = "input_tokens"
    output_tokens: str = "output_tokens"
    cache_read: str = "cache_read_input_tokens"
    cache_write: str = "cache_write_input_tokens"
    reasoning_output: str = "reasoning_output_tokens"
    cache_write_1h: str = ""
    input_audio: str = ""
    output_audio: str = ""

    def counts(self) -> tuple[str, ...]:
        """What is charged for, in the order of RULE_COUNTS, as far as the span has it."""
        counts = ["1" if name == "request" else self._count(name) for name in RULE_COUNTS]
        while not counts[-1]:
            counts.pop()
        return tuple(count or "0" for count in counts)

    def _count(self, name: str) -> str:
        return str(getattr(self, f"{name}_tokens" if name in ("input", "output") else name))


def listed_rules(operands: CostOperands, needed: str = "1", database: str = "") -> str:
    """Array(Float64): the rules of the span's model, [] when its name is in no table.

    `needed` is a condition: rules of other spans are not looked up. `database` is for statements that run outside of a
    connection to it, such as mutations.
    """
    listed = _Lookup(operands.project, database).rules(f"lower({operands.provider})", f"lower({operands.model})")
    return f"if({_is_priced(operands, needed)}, {listed}, CAST([], 'Array(Float64)'))"


def found_rules(
    operands: CostOperands, needed: str = "1", database: str = "", listed: str = "price_rules_listed"
) -> str:
    """Array(Float64): `listed`, or what patterns find for a name that is not; [] for an unknown model."""
    is_sought = f"empty({listed}) AND {_is_priced(operands, needed)}"
    lookup = _Lookup(operands.project, database)
    found = lookup.by_pattern(is_sought, f"lower({operands.provider})", f"lower({operands.model})")
    return f"arrayConcat({listed}, {found})"


def price_offset(operands: CostOperands, rules: str = "price_rules") -> str:
    """UInt: where in `rules` the rule begins that holds for this span, counted from 1; 0 for none."""
    second = f"intDiv(toUnixTimestamp64Nano({operands.start_time}), 1000000000)"
    holds = (
        f"{second} >= {rules}[j] AND {second} < {rules}[j + 1] "
        f"AND positiveModulo({second} - {rules}[j + 2], {SECONDS_PER_DAY}) < {rules}[j + 3] "
        f"AND ifNull({operands.input_tokens}, 0) > {rules}[j + 4]"
    )
    return f"arrayFirst(j -> {holds}, range(1, length({rules}), {len(RULE_FIELDS)}))"


def price_of(operands: CostOperands, rules: str = "price_rules", offset: str = "price_offset") -> str:
    """Nullable(Float64): US dollars, from what `found_rules` and `price_offset` found."""
    counts = operands.counts()
    prices = f"arrayResize(arraySlice({rules}, {offset} + {len(RULE_CONDITIONS)}, {len(counts)}), {len(counts)})"
    numbers = f"arrayMap(c -> toFloat64(ifNull(c, 0)), [{', '.join(counts)}])"
    # Parts that claim more than the whole could make it a refund.
    return f"if({offset} = 0, NULL, greatest(arrayDotProduct({numbers}, {prices}), 0))"


def cost_stages(operands: CostOperands, needed: str = "1", database: str = "") -> tuple[Mapping[str, str], ...]:
    """The cost as columns of nested subqueries, innermost first: each stage names what the next one uses.

    One expression would repeat its parts, and each repetition is analysed at each insert.
    """
    return (
        {"price_rules_listed": listed_rules(operands, needed, database)},
        {"price_rules": found_rules(operands, needed, database)},
        {"price_offset": price_offset(operands)},
        {COST_COLUMN: price_of(operands)},
    )


def cost_expression(operands: CostOperands, needed: str = "1", database: str = "") -> str:
    """The cost as one expression, for statements in which nothing can be nested, such as mutations.

    Arrays of one element bind the names that the stages of `cost_stages` have.
    """
    *inner, (_, expression) = [item for stage in cost_stages(operands, needed, database) for item in stage.items()]
    for name, value in reversed(inner):
        expression = f"arrayMap({name} -> {expression}, [{value}])[1]"
    return expression


def _is_priced(operands: CostOperands, needed: str) -> str:
    """Whether a span has anything to charge for."""
    some = f"length({operands.model}) BETWEEN 1 AND {MODEL_LENGTH_MAX}"
    counted = f"isNotNull(coalesce({operands.input_tokens}, {operands.output_tokens}))"
    return f"{some} AND {counted}" if needed == "1" else f"({needed}) AND {some} AND {counted}"


@dataclass(frozen=True)
class _Lookup:
    """Look-ups in the tables of `storage.prices_tables`."""

    project: str
    database: str

    def rules(self, provider: str, model: str) -> str:
        """The rules under a name that is listed; a project with prices of its own has a list of its own."""
        own = f"joinGet('{self._table('price_projects')}', 'own_project', {self.project})"
        return f"joinGet('{self._table('price_rules')}', 'rules', {own}, {provider}, {model})"

    def by_pattern(self, is_sought: str, provider: str, model: str) -> str:
        """The rules of a name that is not listed, found as the package finds it; also of a date without its dashes.

        For spans that are not `is_sought` it is [], and where none of a block is, no pattern is even compiled: an
        array of no names leaves nothing to search, where a condition around the search would be evaluated beside it.
        The first rule that holds counts, and the last rule of a model always does: hence the first try with any rules.
        Arrays of one element bind names. The patterns stand here once, because a constant costs time at each insert.
        """
        ordered = f"SELECT pattern FROM {self._table('model_price_patterns')} ORDER BY position"
        patterns = f"(SELECT groupArray(pattern) FROM ({ordered}))"
        n = self._first("k")
        target = self.rules(f"concat('{PRICED_AS}', {self._row(n, 'provider')})", self._row(n, "model"))
        known = self._row(self._first(f"'{ANY_PROVIDER}'"), "provider")
        tries = f"arrayMap(k -> arrayConcat({self.rules('k', 'm')}, {target}), [{known}])[1]"
        searched = f"[arraySort(multiMatchAllIndices(concat({provider}, char(31), m), {patterns}))]"
        each = f"arrayMap(s -> {tries}, {searched})[1]"
        names = f"if({is_sought}, arrayDistinct([{model}, {_dashed(model)}]), CAST([], 'Array(String)'))"
        return f"arrayFlatten(arrayMap(m -> {each}, {names}))"

    def _first(self, asked: str) -> str:
        """The position of the first pattern in `s` that is asked for; 0 for none."""
        fits = f"NOT hasAny(s, {self._row('i', 'forbidden')})"
        return f"arrayFirst(i -> {self._row('i', 'asked')} = {asked} AND {fits}, s)"

    def _row(self, position: str, column: str) -> str:
        return f"joinGet('{self._table('price_patterns')}', '{column}', {position})"

    def _table(self, name: str) -> str:
        return f"{self.database}.{name}" if self.database else name


def _dashed(model: str) -> str:
    return f"replaceRegexpOne({model}, '{_COMPACT_DATE}', '{_DASHED_DATE}')"
