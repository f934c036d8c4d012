// What was exported, as plain JSON under OTLP's field names.
//
// Owns: the translation of the SDK's spans, log records and metrics into the form a test compares with what a collector
// stored. Written from the SDK's own objects, not through the exporters' serialisers: it can disagree with them.
//
// Conventions: times are strings of nanoseconds; ids are lower-case hex, '' for none; enums are OTLP's numbers; an
// attribute is {type, value} with type string, bool, int, double, bytes (base64), array, kvlist or empty. A whole
// number is an int, as on the wire; the members of an array or kvlist are {type, value} again.

const FLAG_HAS_IS_REMOTE = 0x100;
const FLAG_IS_REMOTE = 0x200;
const SUM = 3;
const GAUGE = 2;
const HISTOGRAM = 0;

const nanos = ([seconds, nanoseconds]) => (BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)).toString();

/** One attribute value or log body with its OTLP type. */
export function typed(value) {
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'int' : 'double', value };
  if (value instanceof Uint8Array) return { type: 'bytes', value: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return { type: 'array', value: value.map(typed) };
  if (value !== null && typeof value === 'object') return { type: 'kvlist', value: attributes(value) };
  return { type: 'empty', value: null };
}

/** A map of attributes, each with its type. */
function attributes(map) {
  return Object.fromEntries(Object.entries(map ?? {}).map(([key, value]) => [key, typed(value)]));
}

/** The instrumentation scope. */
function scopeOf(scope) {
  return {
    name: scope.name,
    version: scope.version ?? '',
    schema_url: scope.schemaUrl ?? '',
    attributes: attributes(scope.attributes),
  };
}

/** W3C flags in the low byte, and whether the parent (or the linked span) is remote. */
const flagsOf = (traceFlags, isRemote) => (traceFlags & 0xff) | FLAG_HAS_IS_REMOTE | (isRemote ? FLAG_IS_REMOTE : 0);

/** One ended span. */
export function span(ended) {
  const context = ended.spanContext();
  return {
    trace_id: context.traceId,
    span_id: context.spanId,
    parent_span_id: ended.parentSpanContext?.spanId ?? '',
    trace_state: context.traceState?.serialize() ?? '',
    flags: flagsOf(context.traceFlags, ended.parentSpanContext?.isRemote),
    name: ended.name,
    kind: ended.kind + 1,
    start_time_unix_nano: nanos(ended.startTime),
    end_time_unix_nano: nanos(ended.endTime),
    status: { code: ended.status.code, message: ended.status.message ?? '' },
    attributes: attributes(ended.attributes),
    dropped_attributes_count: ended.droppedAttributesCount,
    events: ended.events.map((event) => ({
      time_unix_nano: nanos(event.time),
      name: event.name,
      attributes: attributes(event.attributes),
      dropped_attributes_count: event.droppedAttributesCount ?? 0,
    })),
    dropped_events_count: ended.droppedEventsCount,
    links: ended.links.map((link) => ({
      trace_id: link.context.traceId,
      span_id: link.context.spanId,
      trace_state: link.context.traceState?.serialize() ?? '',
      flags: flagsOf(link.context.traceFlags, link.context.isRemote),
      attributes: attributes(link.attributes),
      dropped_attributes_count: link.droppedAttributesCount ?? 0,
    })),
    dropped_links_count: ended.droppedLinksCount,
    scope: scopeOf(ended.instrumentationScope),
    resource: attributes(ended.resource.attributes),
  };
}

/** One log record. */
export function logRecord(record) {
  return {
    time_unix_nano: nanos(record.hrTime),
    observed_time_unix_nano: nanos(record.hrTimeObserved),
    severity_number: record.severityNumber ?? 0,
    severity_text: record.severityText ?? '',
    body: typed(record.body),
    event_name: record.eventName ?? '',
    attributes: attributes(record.attributes),
    dropped_attributes_count: record.droppedAttributesCount,
    flags: record.spanContext?.traceFlags ?? 0,
    trace_id: record.spanContext?.traceId ?? '',
    span_id: record.spanContext?.spanId ?? '',
    scope: scopeOf(record.instrumentationScope),
    resource: attributes(record.resource.attributes),
  };
}

/** One collection of metrics as a list: one entry a metric, with its data points. */
export function metrics(collected) {
  return collected.scopeMetrics.flatMap((group) =>
    group.metrics.map((metric) => ({
      ...metricOf(metric),
      scope: scopeOf(group.scope),
      resource: attributes(collected.resource.attributes),
    })),
  );
}

/** Name, kind and points of one metric; what its kind does not have is null. */
function metricOf(metric) {
  const kinds = { [SUM]: 'sum', [GAUGE]: 'gauge', [HISTOGRAM]: 'histogram' };
  const kind = kinds[metric.dataPointType] ?? 'exponential_histogram';
  const makePoint = { sum: numberPoint, gauge: numberPoint, histogram: histogramPoint }[kind] ?? exponentialPoint;
  return {
    name: metric.descriptor.name,
    description: metric.descriptor.description,
    unit: metric.descriptor.unit,
    kind,
    aggregation_temporality: kind === 'gauge' ? null : metric.aggregationTemporality + 1,
    is_monotonic: kind === 'sum' ? metric.isMonotonic : null,
    data_points: metric.dataPoints.map((point) => ({
      start_time_unix_nano: nanos(point.startTime),
      time_unix_nano: nanos(point.endTime),
      attributes: attributes(point.attributes),
      ...makePoint(point.value, metric.descriptor),
    })),
  };
}

/** The value of a sum or a gauge, under the field that carries it. */
function numberPoint(value, descriptor) {
  return descriptor.valueType === 0 ? { as_int: value } : { as_double: value };
}

/** What both kinds of histogram have. */
function distribution(value) {
  return { count: value.count, sum: value.sum ?? null, min: value.min ?? null, max: value.max ?? null };
}

/** A histogram with explicit bounds. */
function histogramPoint(value) {
  return {
    ...distribution(value),
    bucket_counts: value.buckets.counts,
    explicit_bounds: value.buckets.boundaries,
  };
}

/** A base-2 exponential histogram. */
function exponentialPoint(value) {
  const side = ({ offset, bucketCounts }) => ({ offset, bucket_counts: bucketCounts });
  return {
    ...distribution(value),
    scale: value.scale,
    zero_count: value.zeroCount,
    positive: side(value.positive),
    negative: side(value.negative),
  };
}
