"""Everything recorded, as records of the log: fixtures of dialects, captures, clients."""

from __future__ import annotations

from spanhouse_collector.otlp.json_decode import to_protobuf
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.otlp.validate import check
from tests.builders import START_UNIX_NANO
from tests.collector.trace_model.replay import TYPES, capture_bodies, captures, fixtures
from tests.tables import framed


def recorded() -> list[bytes]:
    """A record for each recorded request of spans; each was received at another time."""
    given = [fixture for folder in ("dialects", "reviewed") for fixture in fixtures(folder)]
    bodies = [body for fixture in given for order in fixture.orders for body in fixture.bodies(order)]
    bodies += [body for folder in captures() for body in capture_bodies(folder)]
    records = []
    for number, body in enumerate(body for body in bodies if body.signal == "traces"):
        raw = body.data if body.content_type == TYPES[".pb"] else to_protobuf(TRACES, body.data)
        checked = check(TRACES, raw)
        records.append(framed(checked.payload, body.project, START_UNIX_NANO + number, checked.accepted))
    return records
