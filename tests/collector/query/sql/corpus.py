"""Queries that people write against the tables, one construct of ClickHouse's language each or several.

Owns the list and nothing else. Every query must pass the guard and run, with and without a key bound to a project.
Shapes from the documentation of ClickHouse, the README of clickhouseexporter and the dashboards of Grafana's data source.
"""

# a query a line
# ruff: noqa: E501 - a query a line
from __future__ import annotations

from typing import Final

SPAN_COLUMNS: Final = (
    "Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Duration, StatusCode, StatusMessage, "
    "toString(SpanAttributes), toString(ResourceAttributes), toString(Events.Name), toString(Links.TraceId)"
)
ERRORS: Final = "StatusCode IN ('Error', 'STATUS_CODE_ERROR')"
BETWEEN_TIMES: Final = "Timestamp >= toDateTime(1700000000) AND Timestamp <= toDateTime(1900000000)"

EXPRESSIONS: Final = """
1
1 + 2 * 3 - -4 / 5 % 6
'it''s', 'a\\'b', 'tab\\t', '\\x41', 'ключ', ''
`name`, "kind", s.name, s.`service_name`
NULL, true, false, inf, nan, 0x1F, 1e5, .5, 1_000
[1, 2, 3], (1, 'a'), [], map('a', 1, 'b', 2), tuple(1), array(1)
[1, 2, 3][1], (1, 'a').2, map('a', 1)['a'], attributes['gen_ai.system'], s.attributes['x']
events.name, events.time[1], length(events.name), attributes.keys, attributes.values
1::UInt8, '1'::Nullable(Int64), name::LowCardinality(String), CAST(1 AS Decimal(18, 4)), CAST('a', 'FixedString(4)')
CAST([tuple(1)], 'Array(Tuple(a UInt8))'), [(1, 'x')]::Array(Tuple(a UInt8, b String))
'2020-01-01'::Date, DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00:00', toDateTime64('2020-01-01', 9, 'UTC')
INTERVAL 1 DAY, now() - INTERVAL 5 MINUTE, start_time + INTERVAL '2' HOUR, INTERVAL 90 SECOND + INTERVAL 1 MONTH
toStartOfInterval(start_time, INTERVAL 5 minute), date_trunc('hour', start_time), dateDiff('second', start_time, end_time)
arrayMap(x -> x + 1, [1, 2]), arrayFilter((x, y) -> x > y, [1, 2], [2, 1]), arraySort(x -> -x, [1, 2, 3])
arrayMap((k, v) -> k || '=' || v, mapKeys(attributes), mapValues(attributes))
mapFilter((k, v) -> k LIKE 'gen_ai.%', attributes), mapApply((k, v) -> (upper(k), v), attributes)
arrayReduce('sum', [1, 2]), arrayFold((acc, x) -> acc + x, [1, 2], toInt64(0)), arrayExists(x -> x = 1, [1])
if(duration_ns > 1, 'slow', 'fast'), multiIf(1, 2, 3), duration_ns > 1 ? 'a' : 'b', coalesce(NULL, 1), ifNull(NULL, 2)
CASE WHEN duration_ns > 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END, CASE name WHEN 'a' THEN 1 ELSE 2 END
name LIKE '%a%', name NOT LIKE 'b', name ILIKE 'C%', match(name, '^a'), name REGEXP 'x', hasToken(name, 'work')
duration_ns BETWEEN 1 AND 2, duration_ns NOT BETWEEN 1 AND 2, name IN ('a', 'b'), (name, kind) IN (('a', 'b'))
name IS NULL, name IS NOT NULL, NOT (1 AND 0 OR 1), xor(1, 0), 1 = 1, 1 == 1, 1 != 2, 1 <> 2, 1 IS NOT DISTINCT FROM 1
name || '-' || kind, concat(name, kind), substring(name, 1, 3), substring(name FROM 2 FOR 2), position('a' IN name)
extract(YEAR FROM start_time), EXTRACT(HOUR FROM start_time), trim(BOTH ' ' FROM name), trimLeft(name)
formatReadableTimeDelta(duration_ns / 1e9), formatReadableSize(1024), formatDateTime(start_time, '%Y-%m-%d %H:%i')
toUnixTimestamp64Nano(start_time), fromUnixTimestamp64Milli(1700000000000), toYYYYMM(start_time), toStartOfHour(start_time)
JSONExtractString('{"a": {"b": 1}}', 'a', 'b'), JSONExtract('{"a": 1}', 'a', 'Int64'), JSONHas('{}', 'a')
JSONExtractKeysAndValues('{"a": 1}', 'Int64'), simpleJSONExtractInt('{"a":1}', 'a'), JSON_VALUE('{"a":1}', '$.a')
splitByChar(',', 'a,b')[1], replaceRegexpAll(name, '(a)=[0-9]+', '\\\\1=x'), extractAll(name, '\\\\d+'), tokens(name)
least(1, 2), greatest(1, 2), round(1.234, 2), floor(1.5), intDiv(5, 2), bitAnd(3, 1), abs(-1), exp(1), log2(8)
cityHash64(trace_id) % 500 = 0, xxHash64(name), hex(MD5(name)), lower(hex(sipHash128(name))), halfMD5(name)
untuple((1, 2)), tupleElement((1, 2), 1), (1, 2) AS t, t.1 + 1, identity(1), toTypeName(name), isNotNull(name)
dateDiff('ms', start_time, end_time) AS d, d + 1, addDays(start_time, 1), toStartOfMinute(start_time), timeZone()
lengthUTF8(name), lowerUTF8(name), positionCaseInsensitive(name, 'A') > 0, multiSearchAny(name, ['a', 'b']), empty(name)
transform(kind, ['A', 'B'], [1, 2], 0), parseDateTimeBestEffort('2020-01-01 00:00:00'), toIPv4('127.0.0.1'), rand() % 10
toUInt64OrZero('x'), toFloat64OrNull(attributes['n']), accurateCastOrNull('1', 'UInt8'), toDecimal64(1.5, 2)
has(attributes.keys, 'a'), mapContains(attributes, 'a'), arrayJoin([1, 2]) AS j, arrayEnumerate([5, 6]), range(3)
exists(SELECT 1 FROM spans), (SELECT max(duration_ns) FROM spans), name IN (SELECT name FROM spans), 1 IN (1)
""".strip().splitlines()

AGGREGATES: Final = """
count(), count(*), COUNT(DISTINCT name), sum(duration_ns), avg(duration_ns), min(start_time), max(end_time)
quantile(0.9)(duration_ns), quantiles(0.5, 0.9, 0.99)(duration_ns), quantileTDigest(0.99)(duration_ns), median(duration_ns)
quantileExactIf(0.5)(duration_ns, kind = 'CLIENT'), quantileTimingWeighted(0.5)(duration_ns, 1)
countIf(status_code = 'ERROR'), sumIf(duration_ns, 1), avgOrNull(duration_ns), anyIf(name, 1), uniqIf(trace_id, kind != '')
uniq(trace_id), uniqExact(trace_id), uniqCombined(12)(trace_id), uniqHLL12(name), uniqArray(attributes.keys)
any(name), anyLast(name), argMax(name, duration_ns), argMin(name, start_time), first_value(name), last_value(name)
groupArray(name), groupArray(3)(name), groupUniqArray(name), groupArraySample(2)(name), arraySort(groupArray(duration_ns))
topK(3)(name), topK(1)(resource_attributes['service.version'])[1], topKWeighted(3)(name, duration_ns)
sumMap(map(name, duration_ns)), minMap(map(name, 1)), groupBitOr(1), histogram(3)(duration_ns), entropy(name)
stddevPop(duration_ns), varSamp(duration_ns), corr(duration_ns, 1), skewPop(duration_ns), simpleLinearRegression(duration_ns, 2)
sumForEach([1, 2]), avgArray([1, 2]), sumDistinct(duration_ns), countState(), uniqState(name), finalizeAggregation(sumState(1))
sum(duration_ns) FILTER (WHERE kind = 'CLIENT'), windowFunnel(10)(toDateTime(start_time), name = 'a', name = 'b')
sequenceMatch('(?1)(?2)')(toDateTime(start_time), name = 'a', name = 'b'), retention(1, 0), deltaSum(duration_ns)
maxIntersections(toUnixTimestamp(start_time), toUnixTimestamp(end_time)), exponentialMovingAverage(5)(duration_ns, 1)
round(countIf(status_code = 'ERROR') / count() * 100, 2) AS "Error %", count() / 60 AS rps, max(duration_ns) / 1e6
""".strip().splitlines()

CLAUSES: Final = """
SELECT * FROM spans
SELECT s.* FROM spans AS s
SELECT spans.name FROM spans
SELECT * EXCEPT (attributes, resource_attributes) FROM spans LIMIT 1
SELECT * REPLACE (1 AS flags) FROM spans LIMIT 1
SELECT COLUMNS('name|kind') FROM spans
SELECT COLUMNS(duration_ns, flags) APPLY sum FROM spans
SELECT COLUMNS('^(duration_ns|flags)$') APPLY quantile(0.9) FROM spans
SELECT COLUMNS('^flags$') APPLY toString APPLY length FROM spans
SELECT DISTINCT name FROM spans ORDER BY name
SELECT DISTINCT ON (name) name, kind FROM spans ORDER BY name, kind
SELECT name FROM spans WHERE name != '' AND kind = 'CLIENT' OR duration_ns > 5
SELECT name FROM spans PREWHERE kind = 'CLIENT' WHERE name != ''
SELECT name, count() FROM spans GROUP BY name HAVING count() > 0 ORDER BY count() DESC, name ASC NULLS LAST LIMIT 10
SELECT name, kind, count() FROM spans GROUP BY ALL ORDER BY ALL
SELECT name, kind, count() FROM spans GROUP BY 1, 2 ORDER BY 3 DESC
SELECT name, kind, count() FROM spans GROUP BY name, kind WITH ROLLUP ORDER BY 1, 2
SELECT name, kind, count() FROM spans GROUP BY name, kind WITH CUBE ORDER BY 1, 2
SELECT name, count() FROM spans GROUP BY name WITH TOTALS ORDER BY name
SELECT name, kind, count() FROM spans GROUP BY GROUPING SETS ((name), (kind), ()) ORDER BY 1, 2
SELECT name, kind FROM spans ORDER BY duration_ns LIMIT 2 BY name LIMIT 10
SELECT name FROM spans ORDER BY name LIMIT 1 OFFSET 1
SELECT name FROM spans ORDER BY name LIMIT 1, 2
SELECT name FROM spans ORDER BY name OFFSET 1 ROW FETCH FIRST 2 ROWS ONLY
SELECT name FROM spans ORDER BY name LIMIT 1 WITH TIES
SELECT name FROM spans ORDER BY name DESC COLLATE 'en'
SELECT toStartOfHour(start_time) AS h, count() FROM spans GROUP BY h ORDER BY h WITH FILL STEP INTERVAL 1 HOUR LIMIT 5
SELECT number AS n, 'x' AS v FROM numbers(3) ORDER BY n WITH FILL FROM 0 TO 10 STEP 2 INTERPOLATE (v AS v)
SELECT name, e FROM spans ARRAY JOIN events.name AS e
SELECT name, k, v FROM spans LEFT ARRAY JOIN mapKeys(attributes) AS k, mapValues(attributes) AS v
SELECT name, n FROM spans ARRAY JOIN events AS e, arrayEnumerate(events.name) AS n
SELECT a.name, b.name FROM spans AS a INNER JOIN spans AS b ON a.span_id = b.parent_span_id AND a.trace_id = b.trace_id
SELECT a.name FROM spans a LEFT JOIN spans b USING (trace_id)
SELECT a.name FROM spans a LEFT ANY JOIN spans b USING trace_id, span_id
SELECT a.name FROM spans a LEFT SEMI JOIN spans b ON a.trace_id = b.trace_id
SELECT a.name FROM spans a LEFT ANTI JOIN logs b ON a.trace_id = b.trace_id
SELECT a.name FROM spans a FULL OUTER JOIN logs b ON a.trace_id = b.trace_id
SELECT a.name FROM spans a RIGHT JOIN logs b ON a.trace_id = b.trace_id
SELECT a.name FROM spans a GLOBAL ANY INNER JOIN logs b ON a.trace_id = b.trace_id
SELECT a.name, b.body FROM spans a ASOF JOIN logs b ON a.trace_id = b.trace_id AND a.start_time >= b.time
SELECT a.name, b.body FROM spans a ASOF LEFT JOIN logs b ON a.trace_id = b.trace_id AND a.start_time >= b.time
SELECT count() FROM spans a CROSS JOIN spans b
SELECT count() FROM spans a, spans b WHERE a.trace_id = b.trace_id
SELECT count() FROM spans a, logs b, metrics c
SELECT count() FROM spans JOIN logs ON spans.trace_id = logs.trace_id JOIN metrics ON metrics.service_name = logs.service_name
SELECT * FROM (SELECT name FROM spans) AS x INNER JOIN (SELECT 1 AS y) AS z ON 1 = z.y
SELECT * FROM (SELECT 1 AS a) PASTE JOIN (SELECT 2 AS b)
WITH slow AS (SELECT * FROM spans WHERE duration_ns > 5) SELECT count() FROM slow
WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b
WITH (SELECT max(duration_ns) FROM spans) AS longest, 10 AS few SELECT name FROM spans WHERE duration_ns = longest LIMIT few
WITH duration_ns / 1e6 AS ms SELECT ms FROM spans WHERE ms > 1
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t
WITH t AS MATERIALIZED (SELECT 1 AS n) SELECT * FROM t
WITH c AS (SELECT trace_id FROM spans) SELECT name FROM spans WHERE trace_id IN (c) OR trace_id IN (SELECT trace_id FROM c)
SELECT name FROM spans UNION ALL SELECT body FROM logs UNION ALL SELECT metric_name FROM metrics
SELECT name FROM spans UNION DISTINCT SELECT body FROM logs
(SELECT name FROM spans LIMIT 1) UNION ALL (SELECT body FROM logs LIMIT 1)
SELECT name FROM spans INTERSECT SELECT name FROM spans
SELECT name FROM spans EXCEPT SELECT body FROM logs
SELECT * FROM (SELECT 1 UNION ALL SELECT 2) ORDER BY 1
SELECT name, row_number() OVER (PARTITION BY trace_id ORDER BY start_time) AS n FROM spans
SELECT name, sum(duration_ns) OVER w FROM spans WINDOW w AS (PARTITION BY name ORDER BY start_time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
SELECT name, lagInFrame(name, 1, '') OVER (ORDER BY start_time), leadInFrame(name) OVER (ORDER BY start_time) FROM spans
SELECT name, rank() OVER (ORDER BY duration_ns DESC), dense_rank() OVER (ORDER BY name), ntile(2) OVER (ORDER BY name) FROM spans
SELECT name, avg(duration_ns) OVER (ORDER BY start_time RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM spans
SELECT name, count() OVER () AS c FROM spans QUALIFY row_number() OVER (PARTITION BY name ORDER BY start_time) = 1
SELECT nth_value(name, 2) OVER (ORDER BY start_time), lag(name) OVER (ORDER BY start_time) FROM spans
SELECT name FROM spans WHERE trace_id = {id:String} AND duration_ns > {n:UInt64}
SELECT name FROM spans WHERE name IN {names:Array(String)} LIMIT {few:UInt8}
SELECT number FROM numbers(5)
SELECT number FROM numbers(2, 3) AS n WHERE n.number != 4
SELECT * FROM generateSeries(1, 10, 3)
SELECT * FROM generate_series(1, 3)
SELECT * FROM values('a UInt8, b String', (1, 'x'), (2, 'y'))
SELECT * FROM VALUES('a UInt8', 1, 2)
SELECT * FROM null('a UInt8')
FROM spans SELECT name LIMIT 1
SELECT /* comment */ 1 -- another
SELECT 1 # and this
SELECT TOP 2 name FROM spans
SELECT name FROM spans LIMIT 1;
SELECT count() FROM otel_traces AS child INNER JOIN otel_traces AS parent ON child.ParentSpanId = parent.SpanId
SELECT arrayJoin(attributes.keys) AS key, count() FROM spans GROUP BY key ORDER BY count() DESC LIMIT 5
SELECT name FROM spans WHERE (name, kind) IN (SELECT name, kind FROM spans) AND trace_id NOT IN (SELECT trace_id FROM logs)
SELECT name FROM spans WHERE duration_ns = (SELECT max(duration_ns) FROM spans) OR EXISTS (SELECT 1 FROM logs)
SELECT name FROM spans WHERE name = ANY (SELECT name FROM spans) OR duration_ns >= ALL (SELECT duration_ns FROM spans)
SELECT name AS n, length(n) AS l, l + 1 AS m FROM spans WHERE m > 1 ORDER BY m
SELECT a.b.c FROM (SELECT CAST(tuple(tuple(1)), 'Tuple(b Tuple(c UInt8))') AS a)
SELECT j.a.b, j.c FROM (SELECT '{"a": {"b": 1}, "c": [1]}'::JSON AS j)
SELECT count() FROM spans SETTINGS max_threads = 1
SELECT count() FROM spans SETTINGS join_use_nulls = 1, max_execution_time = 5 FORMAT JSON
SELECT name FROM "spanhouse_database"."spans"
SELECT name FROM default.spans
SELECT `default`.`spans`.`name` FROM `default`.`spans`
SELECT "TraceId" AS traceID, multiply(Duration, 0.000001) AS duration FROM "default"."otel_traces" WHERE traceID = 'x' LIMIT 1000
SELECT currentDatabase(), version(), timezone(), now64(9), today(), yesterday()
""".strip().splitlines()

GRAFANA: Final = [
    f"SELECT ServiceName AS id, concat(toString(count()), ' spans') AS mainstat, countIf({ERRORS}) / count() AS arc__errors "
    f"FROM otel_traces WHERE {BETWEEN_TIMES} GROUP BY ServiceName ORDER BY count() DESC LIMIT 30",
    "SELECT time, ServiceName AS tags, concat(version, if(prev != '', concat(' (was ', prev, ')'), '')) AS text FROM ("
    "SELECT toStartOfInterval(Timestamp, INTERVAL 30 second) AS time, ServiceName, "
    "topK(1)(ResourceAttributes['service.version'])[1] AS version, "
    "lagInFrame(topK(1)(ResourceAttributes['service.version'])[1]) OVER (PARTITION BY ServiceName ORDER BY time) AS prev "
    f"FROM otel_traces WHERE {BETWEEN_TIMES} AND 1=1 GROUP BY ServiceName, time ORDER BY ServiceName, time) WHERE prev != version",
    "SELECT concat(parent.ServiceName, '-', child.ServiceName) AS id, count() FROM otel_traces AS child INNER JOIN otel_traces "
    "AS parent ON child.ParentSpanId = parent.SpanId AND child.TraceId = parent.TraceId WHERE parent.ServiceName != "
    "child.ServiceName GROUP BY id ORDER BY count() DESC LIMIT 50",
    f"SELECT TraceId, any(ServiceName) AS Service, max(Duration) AS Duration, anyIf(StatusCode, {ERRORS}) AS Status "
    f"FROM otel_traces WHERE {BETWEEN_TIMES} AND 1=1 GROUP BY TraceId HAVING 1=1 ORDER BY Status LIMIT 200",
    'WITH \'abc\' as __gf_trace_id, (SELECT min(Start) FROM "default"."otel_traces_trace_id_ts" WHERE TraceId = __gf_trace_id) '
    'as __gf_start, (SELECT max(End) + 1 FROM "default"."otel_traces_trace_id_ts" WHERE TraceId = __gf_trace_id) as __gf_end '
    'SELECT "TraceId" as traceID, "SpanId" as spanID, arrayMap(key -> map(\'key\', key, \'value\', "SpanAttributes"[key]), '
    "mapKeys(\"SpanAttributes\")) as tags, if(\"StatusCode\" IN ('Error', 'STATUS_CODE_ERROR'), 2, 0) as statusCode "
    'FROM "default"."otel_traces" WHERE traceID = __gf_trace_id AND "Timestamp" >= __gf_start AND "Timestamp" <= __gf_end LIMIT 1000',
    'SELECT Timestamp as "timestamp", Body as "body", SeverityText as "level" FROM "default"."otel_logs" WHERE ( timestamp >= '
    "toDateTime(1700000000) AND timestamp <= toDateTime(1900000000) ) ORDER BY timestamp DESC LIMIT 1000",
    f"SELECT {SPAN_COLUMNS} FROM otel_traces WHERE SpanAttributes['peer.service'] = 'x' AND Timestamp >= NOW() - INTERVAL 1 HOUR Limit 100;",
    "WITH '391dae938234560b16bb63f51501cb6f' as trace_id, (SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = trace_id) "
    "as start, (SELECT max(End) + 1 FROM otel_traces_trace_id_ts WHERE TraceId = trace_id) as end "
    f"SELECT {SPAN_COLUMNS} FROM otel_traces WHERE TraceId = trace_id AND Timestamp >= start AND Timestamp <= end Limit 100;",
    "SELECT toDateTime(toStartOfInterval(Timestamp, INTERVAL 60 second)) as time, SeverityText, count() as count FROM otel_logs "
    "WHERE toStartOfFiveMinutes(Timestamp) >= toStartOfFiveMinutes(NOW() - INTERVAL 1 HOUR) GROUP BY SeverityText, time ORDER BY time;",
    "SELECT Timestamp as log_time, Body FROM otel_logs WHERE LogAttributes['container_name'] = '/example' AND hasToken(Body, 'http') AND "
    "JSONExtractFloat(Body, 'bytes') > 1000 ORDER BY (toStartOfFiveMinutes(Timestamp), Timestamp) DESC LIMIT 100;",
]

PARAMETERS: Final = {"id": "00", "n": "1", "names": "['a','b']", "few": "3"}


def _with_rows(lists: list[str]) -> list[str]:
    return [f"SELECT {items} FROM spans AS s LIMIT 2" for items in lists]


QUERIES: Final = [*_with_rows(EXPRESSIONS), *[f"SELECT {items} FROM spans" for items in AGGREGATES], *CLAUSES, *GRAFANA]
