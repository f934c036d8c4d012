"""The collector: OTLP in, ClickHouse tables out. Owns nothing itself; see the units below it."""
