// Emit spans, log records and metrics through OpenTelemetry's own exporters, and write down exactly what was exported.
//
//   node emit.mjs --protocol grpc|http/protobuf|http/json --compression none|gzip --endpoint URL --out FILE
//
// Owns: the arguments, the SDK's set-up and the verdict. The endpoint is a base URL; over HTTP `/v1/traces`, `/v1/logs`
// and `/v1/metrics` are appended. The exporters read OTEL_EXPORTER_OTLP_HEADERS by themselves (keys, project).
// FILE gets {"protocol", "compression", "spans": […], "logs": […], "metrics": […]} in the form of `normalise.mjs`.
// Exit code 0 means that every export callback reported SUCCESS; any other failure is printed and the code is 1.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { diag, DiagConsoleLogger, DiagLogLevel } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

import * as normalise from './normalise.mjs';
import { emitLogs, emitMetrics, emitSpans, EVERY_TYPE, EXPONENTIAL_HISTOGRAM_NAME } from './scenario.mjs';

const PACKAGE_SUFFIXES = { grpc: 'grpc', 'http/protobuf': 'proto', 'http/json': 'http' };
const COMPRESSIONS = ['none', 'gzip'];
const METRIC_INTERVAL_MS = 3_600_000; // never by itself: the only collection is the flush at the end
const VERSION = '1.2.3';

/** The four options, checked. */
function readArguments() {
  const text = { type: 'string' };
  const { values } = parseArgs({ options: { protocol: text, compression: text, endpoint: text, out: text } });
  const { protocol, compression = 'none', endpoint, out } = values;
  if (!Object.hasOwn(PACKAGE_SUFFIXES, protocol ?? '')) {
    throw new Error(`--protocol must be one of ${Object.keys(PACKAGE_SUFFIXES).join(', ')}`);
  }
  if (!COMPRESSIONS.includes(compression)) throw new Error(`--compression must be one of ${COMPRESSIONS.join(', ')}`);
  if (!endpoint || !out) throw new Error('--endpoint URL and --out FILE are required');
  return { protocol, compression, endpoint: endpoint.replace(/\/+$/, ''), out };
}

/** The real exporter of one signal for the protocol asked for. */
async function makeExporter(signal, className, { protocol, compression, endpoint }) {
  const suffix = PACKAGE_SUFFIXES[protocol];
  const module = await import(`@opentelemetry/exporter-${signal}-otlp-${suffix}`);
  const url = protocol === 'grpc' ? endpoint : `${endpoint}/v1/${signal === 'trace' ? 'traces' : signal}`;
  return new module[className]({ url, compression });
}

/**
 * Make the exporter's `export` also keep what it is given and what it reports.
 * The exporter itself stays the object the SDK talks to, so its preferences (temporality) still count.
 */
function tap(exporter, signal, keep, verdicts) {
  const send = exporter.export.bind(exporter);
  exporter.export = (items, done) => {
    keep(items);
    send(items, (result) => {
      verdicts.push({ signal, code: result.code, error: result.error });
      done(result);
    });
  };
  return exporter;
}

/** Emit everything through `exporters` and wait until it is sent. */
async function emitAll({ trace, logs, metrics }) {
  const resource = resourceFromAttributes({
    'service.name': 'js-emitter',
    'service.version': VERSION,
    'deployment.environment.name': 'tést',
    'resource.int': 7,
    'resource.list': ['a', 'b'],
  });
  const workerResource = resourceFromAttributes({ 'service.name': 'js-worker', ...EVERY_TYPE });
  const spanProcessor = new BatchSpanProcessor(trace);
  const limits = { attributeCountLimit: 128 };
  const makeTracer = (owner, name, version) =>
    new BasicTracerProvider({ resource: owner, spanProcessors: [spanProcessor], spanLimits: limits }).getTracer(
      name,
      version,
      { schemaUrl: 'https://opentelemetry.io/schemas/1.37.0' },
    );
  const logProcessor = new BatchLogRecordProcessor({ exporter: logs });
  const loggerProvider = new LoggerProvider({ resource, processors: [logProcessor] });
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: METRIC_INTERVAL_MS });
  const exponential = { type: AggregationType.EXPONENTIAL_HISTOGRAM };
  const meterProvider = new MeterProvider({
    resource,
    readers: [reader],
    views: [{ instrumentName: EXPONENTIAL_HISTOGRAM_NAME, aggregation: exponential }],
  });

  const context = emitSpans(makeTracer(resource, 'js.agent', VERSION), makeTracer(workerResource, 'js.worker'));
  emitLogs(loggerProvider.getLogger('js.logger', VERSION), context);
  emitMetrics(meterProvider.getMeter('js.meter', VERSION));
  await Promise.allSettled([spanProcessor.forceFlush(), logProcessor.forceFlush(), meterProvider.forceFlush()]);
}

/** Run, write FILE, and return the exit code. */
async function main() {
  const options = readArguments();
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);
  const exported = { protocol: options.protocol, compression: options.compression, spans: [], logs: [], metrics: [] };
  const verdicts = [];
  const exporters = {
    trace: tap(
      await makeExporter('trace', 'OTLPTraceExporter', options),
      'trace',
      (spans) => exported.spans.push(...spans.map(normalise.span)),
      verdicts,
    ),
    logs: tap(
      await makeExporter('logs', 'OTLPLogExporter', options),
      'logs',
      (records) => exported.logs.push(...records.map(normalise.logRecord)),
      verdicts,
    ),
    metrics: tap(
      await makeExporter('metrics', 'OTLPMetricExporter', options),
      'metrics',
      (collected) => exported.metrics.push(...normalise.metrics(collected)),
      verdicts,
    ),
  };
  await emitAll(exporters);
  writeFileSync(options.out, JSON.stringify(exported, null, 1));
  const failures = verdicts.filter(({ code }) => code !== 0);
  for (const { signal, error } of failures) {
    console.error(`export of ${signal} failed: ${error?.message ?? 'no reason given'}`);
  }
  const missing = Object.keys(exporters).filter((signal) => !verdicts.some((verdict) => verdict.signal === signal));
  for (const signal of missing) console.error(`export of ${signal} never reported`);
  return failures.length + missing.length === 0 ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
