"""Reading traces back, and writing on stored ones: tags, deletes, and through `assessing` what people say of them.

Owns: `Reader`, over the collector's HTTP API. Unlike tracing, it is asked for something, so it raises when it cannot
answer: `errors.SpanhouseError`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, Unpack, overload

from spanhouse.assessing import Assessor
from spanhouse.errors import InvalidArgument, RequestRefused, TraceNotFound
from spanhouse.extracted_fields import fields_of
from spanhouse.faults import FAULTS, pass_over
from spanhouse.http_api import HttpApi, hex_id, of_trace, segment
from spanhouse.provider import STATE
from spanhouse.provider import flush as flush_spans
from spanhouse.search_arguments import SearchArguments, as_ours, quoted
from spanhouse.settings import Settings, from_environment
from spanhouse.tables import as_table
from spanhouse.trace_data import Session, Trace, TraceInfo

if TYPE_CHECKING:
    from spanhouse.export_queue import ExportQueue

MAX_RESULTS: Final = 100
SESSION_TRACES_MAX: Final = 10_000
FETCHES_AT_ONCE: Final = 8
FLUSH_TIMEOUT_MS: Final = 5_000
POLL_S: Final = 0.1
WAIT_S: Final = 3.0
OWN_WAIT_S: Final = 25.0  # below the time limit of a request
CONSISTENT_WAIT_MAX_S: Final = 25.0
_TRACE_ID: Final = re.compile("(tr-)?[0-9a-fA-F]{32}")


class Reader(Assessor):
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
        max_results: int | None = None,
        return_type: Literal["list"] | None = None,
        include_spans: bool = True,
        *,
        since: str | int | None = None,
        until: str | int | None = None,
        flush: bool = True,
        **mlflow: Unpack[SearchArguments],
    ) -> list[Trace]: ...

    @overload
    def search_traces(
        self,
        filter_string: str | None = None,
        project: str | None = None,
        order_by: str | Sequence[str] | None = None,
        max_results: int | None = None,
        *,
        return_type: Literal["pandas", "arrow"],
        include_spans: bool = True,
        since: str | int | None = None,
        until: str | int | None = None,
        flush: bool = True,
        **mlflow: Unpack[SearchArguments],
    ) -> Any: ...

    def search_traces(
        self,
        filter_string: str | None = None,
        project: str | None = None,
        order_by: str | Sequence[str] | None = None,
        max_results: int | None = None,
        return_type: str | None = None,
        include_spans: bool = True,
        *,
        since: str | int | None = None,
        until: str | int | None = None,
        flush: bool = True,
        **mlflow: Unpack[SearchArguments],
    ) -> Any:
        """Traces that match the filter, newest first, 100 unless *max_results* says otherwise.

        *return_type*: `list` of `Trace`, `pandas`, or `arrow`, one row a trace. *include_spans* fetches each trace
        whole. What this process traced before is among them: it waits for that, OWN_WAIT_S at most; not
        with `flush=False`. Of MLflow's other arguments a single name of a place is the project, `run_id` and
        `model_id` are clauses of the filter, and the rest is passed over with a warning.
        """
        project, filter_string = as_ours(mlflow, project, filter_string)
        fields = fields_of(mlflow.get("extract_fields") or ())
        return_type = return_type or ("pandas" if fields else "list")
        max_results = MAX_RESULTS if max_results is None else max_results
        if return_type not in ("list", "pandas", "arrow"):
            raise InvalidArgument(f"return_type={return_type!r}: it is list, pandas or arrow")
        if fields and (return_type != "pandas" or not include_spans):
            raise InvalidArgument('extract_fields= makes columns of a table: return_type="pandas" with its spans')
        if flush:
            flush_spans(FLUSH_TIMEOUT_MS)
            self._wait_for_own_spans()
        api = self._api(project)
        order = order_by if isinstance(order_by, str) or order_by is None else ",".join(order_by)
        asked = {"project": api.project, "filter": filter_string, "since": since, "until": until, "order_by": order}
        infos = islice(api.pages("/api/v1/traces", "traces", max_results, **asked), max(0, max_results))
        traces = [Trace(TraceInfo.from_dict(info)) for info in infos]
        if include_spans:
            with ThreadPoolExecutor(FETCHES_AT_ONCE, "spanhouse-read") as pool:
                traces = list(pool.map(lambda trace: _fetch(api, trace.info.trace_id) or trace, traces))
        return traces if return_type == "list" else as_table(traces, return_type, fields)

    def search_sessions(
        self,
        max_results: int = MAX_RESULTS,
        run_id: str | None = None,
        model_id: str | None = None,
        include_spans: bool = True,
        locations: Sequence[str] | str | None = None,
        *,
        project: str | None = None,
        filter_string: str | None = None,
        since: str | int | None = None,
        flush: bool = True,
    ) -> list[Session]:
        """Sessions, the latest first, each with its traces in the order of time.

        The filter, *run_id* and *model_id* choose sessions that have such a trace; *locations* is MLflow's word for
        the project.
        """
        said: SearchArguments = {"run_id": run_id, "model_id": model_id, "locations": locations}
        project, filter_string = as_ours(said, project, filter_string)
        if flush:
            flush_spans(FLUSH_TIMEOUT_MS)
            self._wait_for_own_spans()
        api = self._api(project)
        asked = {"project": api.project, "filter": filter_string, "since": since}
        found = islice(api.pages("/api/v1/sessions", "sessions", max_results, **asked), max(0, max_results))

        def whole(session: Mapping[str, Any]) -> Session:
            return Session(
                self.search_traces(
                    f"session_id = {quoted(session['session_id'])}",
                    session.get("project") or project,
                    "start_time",
                    SESSION_TRACES_MAX,
                    include_spans=include_spans,
                    flush=False,
                )
            )

        return list(map(whole, found))

    def get_trace(
        self,
        trace_id: str | None,
        wait: float | None = None,
        *,
        silent: bool = False,
        flush: bool = True,
        display: bool = True,
    ) -> Trace | None:
        """One trace with its spans; None where there is none, after *wait* seconds of asking (spans need a moment).

        Of a trace of this process that the collector has taken, it waits until everything is there, tags and feedback
        too: OWN_WAIT_S by default, else WAIT_S. *display* is MLflow's: a notebook shows a trace where it stands alone.

        Raises:
            TraceNotFound: there is none, and *silent* is `False` and *wait* is 0.

        """
        if not trace_id or not _TRACE_ID.fullmatch(trace_id):  # MLflow answers so, too
            return None
        if flush:
            flush_spans(FLUSH_TIMEOUT_MS)
        api = self._api()
        expected = self._sent_spans(trace_id)
        limit_s = wait if wait is not None else OWN_WAIT_S if expected else WAIT_S
        started = time.monotonic()
        found = _fetch(api, hex_id(trace_id), consistent_wait_s=limit_s if expected else 0)
        deadline = started + limit_s
        if wait is None:  # also after a consistent answer: what goes through other collectors is late
            deadline = min(deadline, time.monotonic() + WAIT_S)
        while (found is None or len(found.spans) < expected) and time.monotonic() < deadline:
            time.sleep(POLL_S)
            found = _fetch(api, hex_id(trace_id))
        if found is None and limit_s <= 0 and not silent:
            raise TraceNotFound(f"no trace {trace_id} at {api.url}")
        return found

    def _own_queue(self) -> ExportQueue | None:
        """The queue of this process, where it sends to the collector that is read from."""
        return None if self._url is not None or STATE.runtime is None else STATE.runtime.processor.queue

    def _sent_spans(self, trace_id: str) -> int:
        queue = self._own_queue()
        return 0 if queue is None else queue.acknowledged(int(hex_id(trace_id), 16))

    def _wait_for_own_spans(self) -> None:
        """Until the spans that were taken last can be read: a second or two after the first of them, mostly."""
        queue = self._own_queue()
        last = queue.take_last_acknowledged() if queue is not None else None
        if last is not None:
            self.get_trace(f"{last:032x}", silent=True)

    def set_trace_tag(
        self, trace_id: str | None = None, key: str = "", value: object = "", *, request_id: str | None = None
    ) -> None:
        """Set one tag of a stored trace; without an id, of what is not traced, nothing happens."""
        self._change_tags(trace_id or request_id, {"set": {key: str(value)}})

    def delete_trace_tag(self, trace_id: str | None = None, key: str = "", *, request_id: str | None = None) -> None:
        """Remove one tag of a stored trace; without an id, of what is not traced, nothing happens."""
        self._change_tags(trace_id or request_id, {"delete": [key]})

    def _change_tags(self, trace_id: str | None, change: dict[str, Any]) -> None:
        if trace_id:
            self._api().request("PATCH", of_trace(trace_id, "tags"), change)
        else:
            FAULTS.count("no_current_trace")

    def delete_traces(
        self,
        trace_ids: Iterable[str] | None = None,
        *,
        filter_string: str | None = None,
        until: str | int | None = None,
        project: str | None = None,
        experiment_id: str | None = None,
        max_timestamp_millis: int | None = None,
        max_traces: int | None = None,
    ) -> int:
        """Delete traces by their ids, or all that match a filter; how many, as far as the collector says.

        Of MLflow's arguments, *max_timestamp_millis* is `until`, *max_traces* cuts the list of ids, and *experiment_id*
        says nothing here.
        """
        pass_over(experiment_id, "experiment_id")
        if max_timestamp_millis is not None and until is None:
            until = (max_timestamp_millis + 1) * 1_000_000  # until does not include its moment
        api = self._api(project)
        ids = None if trace_ids is None else [hex_id(trace_id) for trace_id in islice(trace_ids, max_traces)]
        if not ids and filter_string is None and until is None:
            raise ValueError("delete_traces() wants trace_ids, a filter_string or until: it never deletes everything")
        body = {"project": api.project, "trace_ids": ids, "filter": filter_string, "until": until}
        made = api.request("DELETE", "/api/v1/traces", {key: value for key, value in body.items() if value is not None})
        return int((made or {}).get("deleted", 0))


def _fetch(api: HttpApi, trace_id: str, consistent_wait_s: float = 0) -> Trace | None:
    path = f"/api/v1/traces/{segment(trace_id)}"
    asked = {"project": api.project}
    try:
        if consistent_wait_s > 0:
            wait_s = min(consistent_wait_s, CONSISTENT_WAIT_MAX_S)
            made = api.get(path, **asked, consistent=True, consistent_wait_s=wait_s)
        else:
            made = api.get(path, **asked)
    except RequestRefused as refused:
        if refused.code == "not_stored_yet":
            return _fetch(api, trace_id)
        if refused.status == 404:
            return None
        raise
    return Trace.from_dict(made) if made else None


DEFAULT: Final = Reader()
search_traces = DEFAULT.search_traces
search_sessions = DEFAULT.search_sessions
get_trace = DEFAULT.get_trace
set_trace_tag = DEFAULT.set_trace_tag
delete_trace_tag = DEFAULT.delete_trace_tag
log_assessment = DEFAULT.log_assessment
log_feedback = DEFAULT.log_feedback
log_expectation = DEFAULT.log_expectation
update_assessment = DEFAULT.update_assessment
override_feedback = DEFAULT.override_feedback
get_assessment = DEFAULT.get_assessment
delete_assessment = DEFAULT.delete_assessment
delete_traces = DEFAULT.delete_traces
