"""The sample applications, each a program of its own: `python -m spanhouse_collector.demo.apps.<name>`.

Owns: what a user's application would contain. They are configured by the environment alone
(`OTEL_EXPORTER_OTLP_*`, `OTEL_SERVICE_NAME`, `OPENAI_BASE_URL`, `OPENAI_API_KEY`), use the standard
OpenTelemetry SDK and somebody else's instrumentation, and import nothing of Spanhouse outside this folder.
Leaves to others: which collector and which model they talk to (`demo.runner` decides).
"""
