"""An evaluation against a real collector: its feedbacks and expectations are on the traces that it made."""

from __future__ import annotations

from pathlib import Path

import orjson

from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded
from tests.shim.programs import run

PROGRAM = """
    import orjson, spanhouse as mlflow
    from spanhouse.genai.scorers import scorer

    @scorer
    def exact(outputs, expectations):
        return outputs == expectations["expected"]

    @mlflow.trace(span_type="TOOL")
    def look_up(word):
        return word.upper()

    rows = [{"inputs": {"question": word}, "expectations": {"expected": "ONE"}, "tags": {"kind": word}}
            for word in ("one", "two")]
    result = mlflow.genai.evaluate(rows, [exact], lambda question: look_up(question))
    found = []
    for row in result.rows:
        for _ in range(50):  # the root may be stored after its child
            trace = mlflow.get_trace(row.trace_id, wait=20)
            if len(trace.spans) == 2:
                break
        found.append({"tags": dict(trace.info.tags), "metadata": dict(trace.info.trace_metadata),
                      "assessments": [item.to_dict() for item in trace.search_assessments()]})
    print(orjson.dumps({"run": result.run_id, "found": found}, str).decode())
"""


def test_feedbacks_and_expectations_are_on_the_traces_of_the_rows(tmp_path: Path) -> None:
    with CollectorProcess(prepare_embedded(tmp_path / "data")) as collector:
        ran = run(PROGRAM, SPANHOUSE_ENDPOINT=collector.http)
    assert ran.code == 0, ran.err
    made = orjson.loads(ran.out)
    assert [found["tags"]["kind"] for found in made["found"]] == ["one", "two"]
    for found, value in zip(made["found"], (True, False), strict=True):
        by_name = {item["name"]: item for item in found["assessments"]}
        assert by_name["exact"]["value"] is value
        assert by_name["exact"]["metadata"]["mlflow.assessment.sourceRunId"] == made["run"]
        assert (by_name["expected"]["kind"], by_name["expected"]["value"]) == ("expectation", "ONE")
        assert made["run"] in str(found["metadata"])
