// What the emitter emits: every shape of span, log record and metric that the JavaScript SDK can produce.
//
// Owns: the content, and nothing about how it is exported. Every run has fresh ids and times; the shape never changes.

import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, ValueType } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';

export const BIG_TEXT_LENGTH = 100_000;
export const EXPONENTIAL_HISTOGRAM_NAME = 'demo.tokens.exponential';
const BIG_TEXT = 'größer 🚀 0123456789 '.repeat(BIG_TEXT_LENGTH / 20).slice(0, BIG_TEXT_LENGTH - 1) + '.';
const REMOTE_TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const REMOTE_SPAN_ID = 'b7ad6b7169203331';

/** Every type an attribute of a span can have, and the values that are easy to lose. */
export const EVERY_TYPE = {
  'text.plain': 'hello',
  'text.empty': '',
  'text.unicode': 'naïve – Ελληνικά – 日本語 – 👩‍👩‍👧 – \u0000\u0001\t\n"\\',
  'ключ с пробелом': 'a key in another script',
  'looks.like.int': '42',
  'looks.like.bool': 'true',
  'bool.true': true,
  'bool.false': false,
  'int.zero': 0,
  'int.negative': -7,
  'int.largest': Number.MAX_SAFE_INTEGER,
  'int.smallest': Number.MIN_SAFE_INTEGER,
  'double.half': 0.5,
  'double.tiny': 5e-324,
  'double.negative': -1234.5678,
  'array.text': ['a', '', 'ü'],
  'array.bool': [true, false],
  'array.int': [0, 1, -2],
  'array.double': [0.5, 1.25],
  'array.int_and_double': [1, 2.5],
  'array.with_null': ['a', null, 'b'],
  'array.empty': [],
};

/** A chat completion, as the GenAI conventions describe it. */
const CHAT = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o-mini',
  'gen_ai.response.model': 'gpt-4o-mini-2024-07-18',
  'gen_ai.request.temperature': 0.2,
  'gen_ai.usage.input_tokens': 120,
  'gen_ai.usage.output_tokens': 34,
  'gen_ai.response.finish_reasons': ['stop'],
  'gen_ai.conversation.id': 'conversation-1',
  'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: 'Weather in Köln?' }] }]),
};

/** Start a span under `parent` (a context); returns it with the context that has it active. */
function open(tracer, name, options = {}, parent = ROOT_CONTEXT) {
  const span = tracer.startSpan(name, options, parent);
  return { span, context: trace.setSpan(parent, span) };
}

/** A nested agent run over two services: agent, chat, tool, and a worker in another resource. */
function emitAgentRun(tracer, workerTracer) {
  const agent = open(tracer, 'invoke_agent travel', {
    kind: SpanKind.SERVER,
    attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'travel', 'session.id': 's-1' },
  });
  const chat = open(tracer, 'chat gpt-4o-mini', { kind: SpanKind.CLIENT, attributes: CHAT }, agent.context);
  chat.span.addEvent('first token', { 'token.index': 0, 'token.text': '' });
  chat.span.setStatus({ code: SpanStatusCode.OK });
  chat.span.end();
  const tool = open(
    tracer,
    'execute_tool weather',
    { attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'weather' } },
    agent.context,
  );
  const publish = open(tracer, 'publish', { kind: SpanKind.PRODUCER }, tool.context);
  const consume = open(
    workerTracer,
    'consume',
    {
      kind: SpanKind.CONSUMER,
      links: [{ context: publish.span.spanContext(), attributes: { 'link.reason': 'queue' } }],
    },
    publish.context,
  );
  consume.span.end();
  publish.span.end();
  tool.span.recordException(new TypeError('weather station offline'));
  tool.span.setStatus({ code: SpanStatusCode.ERROR, message: 'weather station offline' });
  tool.span.end();
  agent.span.end();
  return agent.context;
}

/** Spans whose single fields are unusual. */
function emitOddSpans(tracer) {
  const remote = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: REMOTE_TRACE_ID,
    spanId: REMOTE_SPAN_ID,
    traceFlags: 1,
    isRemote: true,
    traceState: createTraceState('vendor=a,other=b:1'),
  });
  tracer.startSpan('child of a remote parent', { kind: SpanKind.SERVER }, remote).end();

  const every = tracer.startSpan('every attribute type', { attributes: EVERY_TYPE }, ROOT_CONTEXT);
  every.addEvent('every attribute type', EVERY_TYPE);
  every.addEvent('no attributes', [1_700_000_000, 123_456_789]);
  every.addLink({ context: trace.getSpanContext(remote), attributes: EVERY_TYPE });
  every.addLink({ context: trace.getSpanContext(remote) });
  every.end();

  tracer.startSpan('', { attributes: { note: 'a span without a name' } }, ROOT_CONTEXT).end();
  tracer.startSpan('big text', { attributes: { 'text.big': BIG_TEXT } }, ROOT_CONTEXT).end();
  const instant = [1_700_000_000, 1];
  tracer.startSpan('no duration', { startTime: instant }, ROOT_CONTEXT).end(instant);
  const [seconds, step] = [1_700_000_000, 999_999_999];
  tracer.startSpan('given times', { startTime: [seconds, step] }, ROOT_CONTEXT).end([seconds + 3_600, 7]);

  const crowded = tracer.startSpan('more attributes than the limit', {}, ROOT_CONTEXT);
  for (let index = 0; index < 131; index += 1) crowded.setAttribute(`key.${index}`, index);
  crowded.end();
}

/** Emit all spans; returns the context of the agent's root span, for logs to refer to. */
export function emitSpans(tracer, workerTracer) {
  const context = emitAgentRun(tracer, workerTracer);
  emitOddSpans(tracer);
  return context;
}

/** Emit all log records; those with a `context` belong to the agent's root span. */
export function emitLogs(logger, context) {
  const nested = { ...EVERY_TYPE, bytes: new Uint8Array([0, 1, 254, 255]), map: { deep: { deeper: [{ x: 1 }, 'y'] } } };
  const records = [
    { severityNumber: SeverityNumber.INFO, severityText: 'INFO', body: 'plain text, naïve 🚀', context },
    { severityNumber: SeverityNumber.ERROR4, severityText: 'fatal-ish', body: '', attributes: EVERY_TYPE, context },
    { severityNumber: SeverityNumber.DEBUG, body: nested, attributes: nested },
    { severityNumber: SeverityNumber.WARN, body: ['a', 1, 2.5, true, null, { k: 'v' }] },
    { body: 42 },
    { body: 0.25 },
    { body: false },
    { body: new Uint8Array([222, 173, 190, 239]) },
    { attributes: { note: 'no body, no severity' } },
    { eventName: 'gen_ai.client.inference.operation.details', body: { ok: true }, attributes: CHAT, context },
    { body: BIG_TEXT },
    { body: 'given times', timestamp: [1_700_000_000, 1], observedTimestamp: [1_700_000_001, 2] },
  ];
  for (const record of records) logger.emit({ context: ROOT_CONTEXT, ...record });
}

/** Record into every kind of instrument. */
export function emitMetrics(meter) {
  const int = { valueType: ValueType.INT };
  const requests = meter.createCounter('demo.requests', { ...int, unit: '{request}', description: 'Requests, größer' });
  requests.add(3, { route: '/a', ok: true });
  requests.add(2, { route: '/a', ok: true });
  requests.add(1, { route: '/b', ok: false, code: 500, ratio: 0.5 });
  meter.createCounter('demo.cost', { unit: 'USD' }).add(0.125);
  const queue = meter.createUpDownCounter('demo.queue', int);
  queue.add(5);
  queue.add(-9);
  meter.createGauge('demo.temperature', { unit: 'Cel' }).record(-3.75, { room: '' });
  meter.createGauge('demo.zero', int).record(0);

  const duration = meter.createHistogram('demo.duration', {
    unit: 's',
    advice: { explicitBucketBoundaries: [0.1, 0.5, 1, 5] },
  });
  for (const seconds of [0, 0.1, 0.4, 0.75, 12.5]) duration.record(seconds, { model: 'gpt-4o-mini' });
  const tokens = meter.createHistogram(EXPONENTIAL_HISTOGRAM_NAME, { ...int, unit: '{token}' });
  for (const count of [0, 1, 3, 120, 4_000, 65_536]) tokens.record(count, { kind: 'input' });
  for (const count of [7, 7, 7]) tokens.record(count, { kind: 'output' });

  meter.createObservableGauge('demo.memory', { ...int, unit: 'By' }).addCallback((result) => {
    result.observe(1_048_576, { pool: 'heap' });
    result.observe(Number.MAX_SAFE_INTEGER, { pool: 'largest' });
  });
  meter.createObservableCounter('demo.cpu', { unit: 's' }).addCallback((result) => result.observe(1.5));
  meter.createObservableUpDownCounter('demo.balance').addCallback((result) => result.observe(-0.5));
}
