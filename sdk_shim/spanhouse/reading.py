"""Reading traces back, and writing on stored ones: tags, feedback, expectations, deletes.

Owns: `Reader`, over the collector's HTTP API. Unlike tracing, it is asked for something, so it raises when it cannot
answer: `errors.SpanhouseError`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from spanhouse.assessments import Assessment, AssessmentSource, AssessmentSourceType
from spanhouse.errors import RequestRefused, TraceNotFound
from spanhouse.http_api import HttpApi, segment
from spanhouse.provider import STATE
from spanhouse.provider import flush as flush_spans
from spanhouse.settings import Settings, from_environment
from spanhouse.tables import as_table
from spanhouse.trace_data import Trace, TraceInfo

if TYPE_CHECKING:
    from spanhouse.export_queue import ExportQueue

PAGE_TRACES: Final = 100
FETCHES_AT_ONCE: Final = 8
FLUSH_TIMEOUT_MS: Final = 5_000
POLL_S: Final = 0.1
WAIT_S: Final = 3.0
_TRACE_ID: Final = re.compile("(tr-)?[0-9a-fA-F]{32}")


class Reader:
    """Reads from one collector; without arguments from the one that spans are sent to."""

    def __init__(self, url: str | None = None, project: str | None = None, api_key: str | None = None) -> None:
        self._url, self._project, self._api_key = url, project, api_key

    def _api(self, project: str | None = None) -> HttpApi:
        runtime = STATE.runtime
        settings: Settings = runtime.settings if runtime is not None else from_environment()
        return HttpApi(
            self._url or settings.resolved_api_url,
            project or self._project or settings.project,
            self._api_key or settings.api_key,
        )

    @overload
    def search_traces(
        self,
        filter_string: str | None = None,
        project: str | None = None,
        order_by: str | Sequence[str] | None = None,
        max_results: int = 100,
        return_type: Literal["list"] = "list",
        include_spans: bool = True,
        *,
        since: str | int | None = None,
        until: str | int | None = None,
        flush: bool = True,
    ) -> list[Trace]: ...

    @overload
    def search_traces(
        self,
        filter_string: str | None = None,
        project: str | None = None,
        order_by: str | Sequence[str] | None = None,
        max_results: int = 100,
        *,
        return_type: Literal["pandas", "arrow"],
        include_spans: bool = True,
        since: str | int | None = None,
        until: str | int | None = None,
        flush: bool = True,
    ) -> Any: ...

    def search_traces(
        self,
        filter_string: str | None = None,
        project: str | None = None,
        order_by: str | Sequence[str] | None = None,
        max_results: int = 100,
        return_type: str = "list",
        include_spans: bool = True,
        *,
        since: str | int | None = None,
        until: str | int | None = None,
        flush: bool = True,
    ) -> Any:
        """Traces that match the filter, newest first.

        *return_type*: `list` of `Trace`, `pandas`, or `arrow`, one row a trace. *include_spans* fetches each trace
        whole. What this process traced before is among them: it waits for that, a few seconds at most; not
        with `flush=False`.
        """
        if return_type not in ("list", "pandas", "arrow"):
            raise ValueError(f"return_type={return_type!r}: it is list, pandas or arrow")
        if flush:
            flush_spans(FLUSH_TIMEOUT_MS)
            self._wait_for_own_spans()
        api = self._api(project)
        infos = islice(_pages(api, filter_string, order_by, max_results, since, until), max(0, max_results))
        traces = [Trace(info) for info in infos]
        if include_spans:
            with ThreadPoolExecutor(FETCHES_AT_ONCE, "spanhouse-read") as pool:
                traces = list(pool.map(lambda trace: _fetch(api, trace.info.trace_id) or trace, traces))
        return traces if return_type == "list" else as_table(traces, return_type)

    def get_trace(
        self, trace_id: str, wait: float = WAIT_S, *, silent: bool = False, flush: bool = True
    ) -> Trace | None:
        """One trace with its spans; None where there is none, after *wait* seconds of asking (spans need a moment).

        Of a trace of this process it waits, as long, for every span that the collector has taken.

        Raises:
            TraceNotFound: there is none, and *silent* is `False` and *wait* is 0.

        """
        if not _TRACE_ID.fullmatch(trace_id):  # MLflow answers so, too
            return None
        if flush:
            flush_spans(FLUSH_TIMEOUT_MS)
        api = self._api()
        deadline = time.monotonic() + wait
        expected = self._sent_spans(trace_id)
        while (found := _fetch(api, _hex(trace_id))) is None or len(found.spans) < expected:
            if time.monotonic() >= deadline:
                break
            time.sleep(POLL_S)
        if found is None and wait <= 0 and not silent:
            raise TraceNotFound(f"no trace {trace_id} at {api.url}")
        return found

    def _own_queue(self) -> ExportQueue | None:
        """The queue of this process, where it sends to the collector that is read from."""
        return None if self._url is not None or STATE.runtime is None else STATE.runtime.processor.queue

    def _sent_spans(self, trace_id: str) -> int:
        queue = self._own_queue()
        return 0 if queue is None else queue.acknowledged(int(_hex(trace_id), 16))

    def _wait_for_own_spans(self) -> None:
        """Until the spans that were taken last can be read: a second or two after the first of them, mostly."""
        queue = self._own_queue()
        last = queue.take_last_acknowledged() if queue is not None else None
        if last is not None:
            self.get_trace(f"{last:032x}", silent=True)

    def set_trace_tag(self, trace_id: str, key: str, value: object) -> None:
        """Set one tag of a stored trace."""
        self._api().request("PATCH", _of_trace(trace_id, "tags"), {"set": {key: str(value)}})

    def delete_trace_tag(self, trace_id: str, key: str) -> None:
        """Remove one tag of a stored trace."""
        self._api().request("PATCH", _of_trace(trace_id, "tags"), {"delete": [key]})

    def log_feedback(
        self,
        *,
        trace_id: str,
        name: str = "feedback",
        value: Any = None,
        source: Any = None,
        error: Any = None,
        rationale: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        span_id: str | None = None,
    ) -> Assessment:
        """Say how good a trace, or one of its spans, was. It may come before the trace itself."""
        if value is None and error is None:
            raise ValueError("log_feedback() wants a value or an error")
        body = {"name": name, "kind": "feedback", "value": value, "error": _error(error)}
        body["source"] = AssessmentSource.of(source, AssessmentSourceType.CODE).to_dict()
        return self._log(trace_id, body, rationale, metadata, span_id)

    def log_expectation(
        self,
        *,
        trace_id: str,
        name: str,
        value: Any,
        source: Any = None,
        metadata: Mapping[str, Any] | None = None,
        span_id: str | None = None,
    ) -> Assessment:
        """Say what would have been right."""
        if value is None:
            raise ValueError("log_expectation() wants a value")
        body = {"name": name, "kind": "expectation", "value": value}
        body["source"] = AssessmentSource.of(source, AssessmentSourceType.HUMAN).to_dict()
        return self._log(trace_id, body, None, metadata, span_id)

    def _log(
        self,
        trace_id: str,
        body: dict[str, Any],
        rationale: str | None,
        metadata: Mapping[str, Any] | None,
        span_id: str | None,
    ) -> Assessment:
        more = {"rationale": rationale, "metadata": dict(metadata) if metadata else None, "span_id": span_id}
        sent = {key: value for key, value in {**body, **more}.items() if value is not None}
        made = self._api().request("POST", _of_trace(trace_id, "assessments"), sent)
        return Assessment.from_dict({**sent, **(made or {})}, _hex(trace_id))

    def update_assessment(
        self,
        trace_id: str,
        assessment_id: str,
        *,
        value: Any = None,
        rationale: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        source: Any = None,
    ) -> Assessment:
        """Change a feedback or an expectation; what is not given stays."""
        body: dict[str, Any] = {
            "value": value,
            "rationale": rationale,
            "metadata": dict(metadata) if metadata else None,
        }
        if source is not None:
            body["source"] = AssessmentSource.of(source, AssessmentSourceType.HUMAN).to_dict()
        sent = {key: item for key, item in body.items() if item is not None}
        path = _of_trace(trace_id, "assessments") + f"/{segment(assessment_id)}"
        made = self._api().request("PATCH", path, sent)
        return Assessment.from_dict({"assessment_id": assessment_id, **sent, **(made or {})}, _hex(trace_id))

    def override_feedback(
        self,
        *,
        trace_id: str,
        assessment_id: str,
        value: Any,
        rationale: str | None = None,
        source: Any = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Assessment:
        """Disagree with a feedback: the new one counts, the old one stays to be seen.

        Raises:
            TraceNotFound: the trace has no such feedback.

        """
        old = self.get_assessment(trace_id, assessment_id)
        body = {"name": old.name, "kind": old.kind, "value": value, "overrides": assessment_id}
        body["source"] = AssessmentSource.of(source, AssessmentSourceType.HUMAN).to_dict()
        return self._log(trace_id, body, rationale, metadata, old.span_id or None)

    def get_assessment(self, trace_id: str, assessment_id: str) -> Assessment:
        """One feedback or expectation.

        Raises:
            TraceNotFound: the trace has no such assessment.

        """
        listed = self._api().request("GET", _of_trace(trace_id, "assessments")) or {}
        known = [Assessment.from_dict(item, _hex(trace_id)) for item in listed.get("assessments") or ()]
        found = next((item for item in known if item.assessment_id == assessment_id), None)
        if found is None:
            raise TraceNotFound(f"trace {trace_id} has no assessment {assessment_id}")
        return found

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        """Remove a feedback or an expectation."""
        self._api().request("DELETE", _of_trace(trace_id, "assessments") + f"/{segment(assessment_id)}")

    def delete_traces(
        self,
        trace_ids: Iterable[str] | None = None,
        *,
        filter_string: str | None = None,
        until: str | int | None = None,
        project: str | None = None,
    ) -> int:
        """Delete traces by their ids, or all that match a filter; how many, as far as the collector says."""
        api = self._api(project)
        ids = None if trace_ids is None else [_hex(trace_id) for trace_id in trace_ids]
        if not ids and filter_string is None and until is None:
            raise ValueError("delete_traces() wants trace_ids, a filter_string or until: it never deletes everything")
        body = {"project": api.project, "trace_ids": ids, "filter": filter_string, "until": until}
        made = api.request("DELETE", "/api/v1/traces", {key: value for key, value in body.items() if value is not None})
        return int((made or {}).get("deleted", 0))


def _pages(
    api: HttpApi,
    filter_string: str | None,
    order_by: str | Sequence[str] | None,
    max_results: int,
    since: str | int | None,
    until: str | int | None,
) -> Iterator[TraceInfo]:
    order = order_by if isinstance(order_by, str) or order_by is None else ",".join(order_by)
    token = None
    left = max_results
    while left > 0:
        page = api.get(
            "/api/v1/traces",
            project=api.project,
            filter=filter_string,
            since=since,
            until=until,
            order_by=order,
            limit=min(left, PAGE_TRACES),
            page_token=token,
        )
        infos = page.get("traces") or []
        left -= len(infos)
        yield from map(TraceInfo.from_dict, infos)
        token = page.get("next_page_token")
        if not token or not infos:
            return


def _fetch(api: HttpApi, trace_id: str) -> Trace | None:
    try:
        made = api.get(f"/api/v1/traces/{segment(trace_id)}", project=api.project)
    except RequestRefused as refused:
        if refused.status == 404:
            return None
        raise
    return Trace.from_dict(made) if made else None


def _of_trace(trace_id: str, what: str) -> str:
    return f"/api/v1/traces/{segment(_hex(trace_id))}/{what}"


def _hex(trace_id: str) -> str:
    return trace_id.removeprefix("tr-")


def _error(error: Any) -> dict[str, Any] | None:
    if error is None:
        return None
    if isinstance(error, Mapping):
        return dict(error)
    return {"error_code": type(error).__qualname__, "error_message": str(error)}


DEFAULT: Final = Reader()
search_traces = DEFAULT.search_traces
get_trace = DEFAULT.get_trace
set_trace_tag = DEFAULT.set_trace_tag
delete_trace_tag = DEFAULT.delete_trace_tag
log_feedback = DEFAULT.log_feedback
log_expectation = DEFAULT.log_expectation
update_assessment = DEFAULT.update_assessment
override_feedback = DEFAULT.override_feedback
get_assessment = DEFAULT.get_assessment
delete_assessment = DEFAULT.delete_assessment
delete_traces = DEFAULT.delete_traces
