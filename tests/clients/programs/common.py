"""What the Python programs share: an OpenTelemetry SDK with the real OTLP exporter, and the texts they ask."""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

ASK_PARIS = "What is the capital of France?"
ASK_WEATHER = "What is the weather in Lisbon?"
ASK_HAIKU = "Write a haiku about tracing."
ASK_RETENTION = "How long are traces kept?"
ASK_REFUND = "I want a refund for my ticket."
ASK_AMARA = "Hi, my name is Amara."
ASK_NAME = "What is my name?"
ASK_REFUSED = "Please refuse this."
ANSWER_OF_TOOL = "21 degrees, sunny"
DOCUMENTS = ("Traces are kept for 400 days in cold storage.", "The cafeteria opens at eight.")


def set_up() -> TracerProvider:
    """Make a global provider that exports over OTLP/HTTP, as the environment says where."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider


def set_up_logs() -> LoggerProvider:
    """Make a global provider of logs that exports in the same way."""
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    set_logger_provider(provider)
    return provider


def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"{city}: {ANSWER_OF_TOOL}"
