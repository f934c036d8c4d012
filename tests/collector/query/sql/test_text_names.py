"""Names inside texts: aggregate functions that others are told to use, and types; states come from functions only."""

from __future__ import annotations

import pytest

from spanhouse_collector.errors import SqlRefused
from tests.collector.query.sql.rig import checked
from tests.engines import Host

# Aggregate functions that another function is told to use, and states made from text: all ran before they were judged.
NAMES_IN_TEXTS = r"""
SELECT arrayReduce('groupFormat(\'CSV\')', [1, 2])
SELECT arrayReduce('estimateCompressionRatio', [1])
SELECT arrayReduce('estimateCompressionRatioIf', [1], [1])
SELECT arrayReduceInRanges('groupFormat(\'CSV\')', [(1, 2)], [1, 2])
SELECT initializeAggregation('estimateCompressionRatio', 1)
SELECT arrayMap(x -> arrayReduce('estimateCompressionRatio', [x]), [1])
SELECT arrayReduce(concat('su', 'm'), [1])
WITH 'sum' AS f SELECT arrayReduce(f, [1])
SELECT toTypeName(defaultValueOfTypeName('AggregateFunction(sum, UInt8)'))
SELECT defaultValueOfTypeName(concat('UInt', '8'))
SELECT finalizeAggregation(CAST(unhex('0a00000000000000'), 'AggregateFunction(sum, UInt64)'))
SELECT finalizeAggregation(CAST(unhex('0a00000000000000') AS AggregateFunction(sum, UInt64)))
SELECT finalizeAggregation(unhex('0a00000000000000')::AggregateFunction(sum, UInt64))
SELECT finalizeAggregation(accurateCast(unhex('0a00000000000000'), 'AggregateFunction(sum, UInt64)'))
SELECT sumMerge(CAST(unhex('0a00000000000000'), 'AggregateFunction(sum, UInt64)'))
SELECT CAST(tuple(unhex('0a00000000000000')), 'Tuple(AggregateFunction(sum, UInt64))')
SELECT CAST(unhex('0a00000000000000'), concat('Aggregate', 'Function(sum, UInt64)'))
SELECT reinterpret(unhex('0a00000000000000'), 'AggregateFunction(sum, UInt64)')
SELECT JSONExtract('{"a": "x"}', 'a', concat('Aggregate', 'Function(sum, UInt64)'))
""".strip().splitlines()

HONEST_NAMES = r"""
SELECT arrayReduce('sum', [1, 2]) = 3
SELECT arrayReduce('quantilesIf(0.5, 0.9)', [1, 2], [1, 1]) = [1, 1]
SELECT initializeAggregation('sumState', 1) IS NOT NULL
SELECT CAST('1', 'UInt8') = 1
SELECT '1'::UInt8 = 1
SELECT CAST('1' AS UInt8) = 1
SELECT accurateCastOrNull('x', 'UInt8') IS NULL
SELECT JSONExtract('{"a": 1}', 'a', 'Int64') = 1
SELECT toTypeName(defaultValueOfTypeName('UInt8')) = 'UInt8'
SELECT toTypeName(CAST(1, 'SimpleAggregateFunction(max, UInt8)')) != ''
SELECT finalizeAggregation(sumState(1)) = 1
""".strip().splitlines()


@pytest.mark.parametrize("statement", NAMES_IN_TEXTS)
def test_names_in_texts_are_judged_and_states_are_not_made_from_text(refusing: Host, statement: str) -> None:
    with pytest.raises(SqlRefused):
        checked(refusing.engine("default"), statement)


@pytest.mark.parametrize("statement", HONEST_NAMES)
def test_names_that_may_be_used_may_stand_in_texts(refusing: Host, statement: str) -> None:
    assert checked(refusing.engine("default"), statement).sql


def test_a_parameter_names_no_state_either(refusing: Host) -> None:
    with pytest.raises(SqlRefused, match="AggregateFunction"):
        checked(refusing.engine("default"), "SELECT CAST('x', {t:String})", {"t": "AggregateFunction(sum, UInt64)"})
    assert checked(refusing.engine("default"), "SELECT CAST('1', {t:String})", {"t": "UInt8"}).sql
