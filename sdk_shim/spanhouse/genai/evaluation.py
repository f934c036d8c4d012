"""`evaluate`: an application asked over rows of data, and its answers scored.

Owns: the pipeline. Rows are predicted in a pool and each is scored as soon as it is predicted; the application's
exception is that row's result; feedbacks and expectations are logged on the row's trace when all is done. With a
journal, what was finished before a kill is read from it and not asked again.

Leaves to others: the forms of data (`rows`), what a scorer's result becomes (`scoring`), sums (`results`), the
spans of the evaluation's traces (`kept_traces`).
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import os
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from pathlib import Path
from typing import Any, Final

from spanhouse.assessments import AssessmentSource, AssessmentSourceType
from spanhouse.errors import InvalidArgument, SpanhouseError
from spanhouse.genai.journal import Journal
from spanhouse.genai.kept_traces import KEPT
from spanhouse.genai.results import EvaluationResult, RowResult, metrics_of
from spanhouse.genai.rows import Row, rows_of
from spanhouse.genai.scoring import Scorer
from spanhouse.provider import flush
from spanhouse.reading import DEFAULT as READER
from spanhouse.span_types import SpanType
from spanhouse.spans import start_span
from spanhouse.trace_level import context

logger = logging.getLogger(__name__)

RUN_METADATA: Final = "mlflow.sourceRun"
FEEDBACK_RUN_METADATA: Final = "mlflow.assessment.sourceRunId"
WORKERS_DEFAULT: Final = 10
WORKERS_MAX: Final = 500
ASYNC_TIMEOUT_S_DEFAULT: Final = 300.0
LOG_WORKERS: Final = 8
PROGRESS_INTERVAL_S: Final = 0.2
Predict = Callable[..., Any]


def evaluate(
    data: Any,
    scorers: Sequence[Scorer] | None = None,
    predict_fn: Predict | None = None,
    model_id: str | None = None,
    *,
    journal: str | Path | None = None,
    max_workers: int | None = None,
    log_results: bool = True,
) -> EvaluationResult:
    """Ask *predict_fn* each row's inputs, or take the outputs or traces in *data*, and score them.

    *journal* is a file that every finished row is written to: called again with it, the evaluation goes on where it
    was ended. *max_workers* rows are asked at once (SPANHOUSE_EVAL_MAX_WORKERS, 10). *log_results* logs feedbacks and
    expectations on the traces; a collector that is away costs a warning and never the result.

    Raises:
        InvalidArgument: the data, the scorers or the arguments do not fit together.

    """
    rows = rows_of(data)
    judges = _checked_scorers(scorers)
    _check_predict(rows, predict_fn)
    workers = _workers(max_workers)
    predict = _synchronous(predict_fn) if predict_fn is not None else None
    with Journal.open(journal, rows) as written:
        run = _Run(written.run_id or f"eval-{secrets.token_hex(8)}", judges, predict, model_id)
        written.begin(run.run_id)
        done = dict(written.finished)
        results = run.all_rows(rows, done, workers, written)
    if log_results:
        _log(run.run_id, [result for number, result in enumerate(results) if number not in done])
    _warn_of_failed_scorers(results, judges)
    criteria = {scorer.name: scorer.pass_if for scorer in judges if scorer.pass_if is not None}
    return EvaluationResult(run.run_id, results, metrics_of(results, judges), criteria)


class _Run:
    """One evaluation under way."""

    def __init__(self, run_id: str, scorers: Sequence[Scorer], predict: Predict | None, model_id: str | None) -> None:
        self.run_id = run_id
        self._scorers = scorers
        self._predict = predict
        self._needs_trace = any("trace" in scorer.fields for scorer in scorers)
        self._metadata = {RUN_METADATA: run_id, **({"mlflow.modelId": model_id} if model_id else {})}

    def all_rows(
        self, rows: Sequence[Row], done: dict[int, RowResult], workers: int, journal: Journal
    ) -> list[RowResult]:
        """The results in the order of the rows; those in `done` are not asked again."""
        progress = _Progress(len(rows), len(done))
        results: dict[int, RowResult] = dict(done)
        with ThreadPoolExecutor(workers, "spanhouse-eval") as pool:

            def work(number: int) -> None:
                result = self._row(rows[number])
                journal.add(number, result)
                results[number] = result
                progress.one_more()

            waiting = [pool.submit(contextvars.copy_context().run, work, n) for n in range(len(rows)) if n not in done]
            for each in waiting:
                each.result()
        progress.end()
        return [results[number] for number in range(len(rows))]

    def _row(self, row: Row) -> RowResult:
        started = time.monotonic()
        result = RowResult(row, outputs=row.outputs, trace_id=row.trace.trace_id if row.trace else None)
        with KEPT.keeping() if self._needs_trace else KEPT.idle():
            if row.trace is None:
                self._answer(row, result)
            result.duration_s = time.monotonic() - started
            trace = row.trace or (KEPT.take(result.trace_id) if self._needs_trace and result.trace_id else None)
        fields = {
            "inputs": row.inputs,
            "outputs": result.outputs,
            "expectations": row.expectations,
            "trace": trace,
        }
        for scorer in self._scorers:
            result.feedbacks += scorer.run(**fields)
        return result

    def _answer(self, row: Row, result: RowResult) -> None:
        """Ask the application, or say what it had answered, in a trace of its own."""
        name = getattr(self._predict, "__name__", "predict_fn") if row.needs_prediction else "root_span"
        with (
            context(tags=row.tags or None, metadata=self._metadata),
            start_span(name, SpanType.CHAIN) as span,
        ):
            result.trace_id = span.trace_id or None
            span.set_inputs(row.inputs)
            if row.needs_prediction and self._predict is not None:
                try:
                    result.outputs = self._predict(**row.inputs)
                except Exception as error:  # noqa: BLE001 - the application's failure is its result
                    result.error = f"{type(error).__name__}: {error}"
                    span.record_exception(error)
                    span.set_status("ERROR")
                    return
            span.set_outputs(result.outputs)


class _Progress:
    """How far the evaluation is, on one line of a terminal's stderr; nothing elsewhere."""

    def __init__(self, total: int, done: int) -> None:
        self._total, self._done = total, done
        self._shown_at = float("-inf")
        self._is_shown = sys.stderr.isatty()
        self._started = time.monotonic()

    def one_more(self) -> None:
        self._done += 1
        now = time.monotonic()
        if self._is_shown and now - self._shown_at >= PROGRESS_INTERVAL_S:
            self._shown_at = now
            sys.stderr.write(f"\revaluating: {self._done} of {self._total} rows, {now - self._started:.0f} s")
            sys.stderr.flush()

    def end(self) -> None:
        if self._is_shown:
            seconds = time.monotonic() - self._started
            sys.stderr.write(f"\revaluated {self._done} of {self._total} rows in {seconds:.1f} s\n")


def _checked_scorers(scorers: Sequence[Scorer] | None) -> list[Scorer]:
    found = list(scorers or ())
    for scorer in found:
        if isinstance(scorer, type):
            raise InvalidArgument(f"{scorer.__name__} is a class: give an instance, {scorer.__name__}()")
        if isinstance(scorer, (list, tuple)):
            raise InvalidArgument("scorers holds a list: give the scorers themselves, *scorers")
        if not isinstance(scorer, Scorer):
            raise InvalidArgument(f"{scorer!r:.80} is no scorer: decorate the function with @scorer")
        if scorer.is_session_level_scorer:
            raise InvalidArgument(f"scorer {scorer.name!r} judges sessions; evaluate() judges rows")
    names = [scorer.name for scorer in found]
    for name in names:
        if names.count(name) > 1:
            raise InvalidArgument(f"two scorers are named {name!r}: give one of them another name")
    return found


def _check_predict(rows: Sequence[Row], predict_fn: Predict | None) -> None:
    answered = [number for number, row in enumerate(rows) if not row.needs_prediction]
    if predict_fn is None and len(answered) < len(rows):
        first = next(number for number in range(len(rows)) if number not in set(answered))
        raise InvalidArgument(f"row {first} has no outputs and no trace, and there is no predict_fn to ask")
    if predict_fn is not None and answered:
        raise InvalidArgument(f"row {answered[0]} has its answer already: leave predict_fn out, or outputs and trace")
    if predict_fn is not None and not callable(predict_fn):
        raise InvalidArgument(f"predict_fn is {type(predict_fn).__name__}: a function is meant")


def _workers(given: int | None) -> int:
    text = os.environ.get("SPANHOUSE_EVAL_MAX_WORKERS") or os.environ.get("MLFLOW_GENAI_EVAL_MAX_WORKERS")
    try:
        workers = given if given is not None else int(text or WORKERS_DEFAULT)
    except ValueError:
        raise InvalidArgument(f"SPANHOUSE_EVAL_MAX_WORKERS={text!r} is not a number") from None
    if not 1 <= workers <= WORKERS_MAX:
        raise InvalidArgument(f"max_workers={workers}: 1 to {WORKERS_MAX}")
    return workers


def _synchronous(predict_fn: Predict) -> Predict:
    """The function itself, or a coroutine function run to its end in the worker's thread."""
    if not inspect.iscoroutinefunction(predict_fn):
        return predict_fn
    timeout_s = float(os.environ.get("MLFLOW_GENAI_EVAL_ASYNC_TIMEOUT") or ASYNC_TIMEOUT_S_DEFAULT)

    @wraps(predict_fn)
    def run(**inputs: Any) -> Any:
        return asyncio.run(asyncio.wait_for(predict_fn(**inputs), timeout_s))

    return run


def _log(run_id: str, results: Sequence[RowResult]) -> None:
    """Log feedbacks and expectations on the traces; a failure is one warning for all."""
    traced = [result for result in results if result.trace_id]
    if not traced:
        return
    flush()
    failures: list[str] = []

    def log_one(result: RowResult) -> None:
        try:
            _log_row(run_id, result)
        except (SpanhouseError, OSError) as error:
            failures.append(str(error))

    with ThreadPoolExecutor(LOG_WORKERS, "spanhouse-eval-log") as pool:
        list(pool.map(log_one, traced))
    if failures:
        logger.warning("results of %d of %d rows were not logged: %s", len(failures), len(traced), failures[0])


def _log_row(run_id: str, result: RowResult) -> None:
    trace_id = str(result.trace_id)
    for feedback in result.feedbacks:
        feedback.trace_id = trace_id
        feedback.metadata = {**(feedback.metadata or {}), FEEDBACK_RUN_METADATA: run_id}
        READER.log_assessment(trace_id, feedback)
    known = (
        {each.name for each in result.row.trace.search_assessments(type="expectation")} if result.row.trace else set()
    )
    for name, value in result.row.expectations.items():
        if name not in known and value is not None:
            source = AssessmentSource(AssessmentSourceType.HUMAN, "unknown")
            READER.log_expectation(trace_id=trace_id, name=name, value=value, source=source)


def _warn_of_failed_scorers(results: Sequence[RowResult], scorers: Sequence[Scorer]) -> None:
    failed = {
        scorer.name: sum(
            each.error is not None for row in results for each in row.feedbacks if each.name == scorer.name
        )
        for scorer in scorers
    }
    told = ", ".join(f"{name!r}: {count}/{len(results)}" for name, count in failed.items() if count)
    if told:
        logger.warning("scorers failed: %s", told)
