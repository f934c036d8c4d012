"""The pages' own words, run: what docs/shim.md and docs/coming-from-mlflow.md show works as it stands there."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import openai
import pytest

import spanhouse
from spanhouse import semconv
from spanhouse.provider import runtime
from spanhouse.settings import VARIABLES
from spanhouse.testing import Captured
from spanhouse_collector.demo.mock_llm import MockLlm
from tests.shim import stored
from tests.shim.fake_collector import FakeCollector

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"


def blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def run_page(page: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    for number, block in enumerate(blocks(page)):
        exec(compile(block, f"{page}, block {number}", "exec"), names)
    return names


class ServedModel:
    """Databricks' deployment client, answered by the mock server."""

    def __init__(self, base_url: str) -> None:
        self._client = openai.OpenAI(base_url=base_url, api_key="none")

    def predict(self, *, endpoint: str, inputs: dict[str, Any]) -> dict[str, Any]:
        return dict(self._client.chat.completions.create(model=endpoint, **inputs).model_dump())


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with MockLlm() as llm:
        deployments, sklearn, metrics = ModuleType("deployments"), ModuleType("sklearn"), ModuleType("sklearn.metrics")
        deployments.get_deploy_client = lambda target: ServedModel(llm.base_url)  # type: ignore[attr-defined]
        metrics.accuracy_score = accuracy_score  # type: ignore[attr-defined]
        for module in (deployments, sklearn, metrics):
            monkeypatch.setitem(sys.modules, module.__name__, module)
        yield


def accuracy_score(y_true: list[int], y_pred: list[int], *, normalize: bool = True) -> float:
    """scikit-learn's, as far as the example goes."""
    right = sum(true == guessed for true, guessed in zip(y_true, y_pred, strict=True))
    return right / len(y_true) if normalize else right


@pytest.fixture
def answering(collector: FakeCollector, monkeypatch: pytest.MonkeyPatch, spans: Captured) -> FakeCollector:
    """A collector that has one trace, whatever its id."""
    collector.answer("GET", "/api/v1/traces", (200, {"traces": [stored.info()]}))
    collector.answer("DELETE", "/api/v1/traces", (200, {"deleted": 1}))
    collector.answer("GET", "*", (200, stored.trace()))
    for method in ("POST", "PATCH", "DELETE"):
        collector.answer(method, "*", (200, {"assessment_id": "a-1"}))
    current = runtime()
    assert current is not None
    monkeypatch.setattr(current, "settings", current.settings.replaced(api_url=collector.url))
    return collector


def test_the_guides_examples_run_with_only_the_import_changed(
    answering: FakeCollector,
    stand_ins: None,
    spans: Captured,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The page's collector is the fake one here.
    monkeypatch.setattr("spanhouse.destination.configure", lambda **settings: None)
    names = run_page("coming-from-mlflow.md")
    agent = spans.find("agent")
    assert (agent.inputs, agent.outputs, agent.span_type) == ({"x": 1, "y": 2}, 3, "TYPE")
    assert agent.attributes["key"] == "value"
    block = spans.find("my_span")
    assert (block.inputs, block.outputs, block.attributes["key"]) == ({"x": 1, "y": 2}, 3, "value")
    score = spans.find("accuracy_score")
    assert score.inputs == {"y_true": [0, 1, 2, 3], "y_pred": [0, 2, 1, 3], "normalize": True}
    assert score.outputs == 0.5
    chain, call, final = spans.find("quickstart-agent"), spans.find("predict"), spans.find("_final_answer")
    assert chain.inputs["model_input"] == [{"query": "What is in MLflow 5.0"}]
    assert "self" not in chain.inputs
    assert (call.parent_id, final.parent_id) == (chain.span_id, chain.span_id)
    assert call.inputs["endpoint"] == "gpt-4o-mini"
    assert final.outputs == {"generated_text": names["prediction"]}
    assert chain.outputs == names["prediction"] == call.outputs["choices"][0]["message"]["content"]
    usage = call.outputs["usage"]
    assert (
        final.attributes["total_tokens"] == usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    )
    root, search = spans.find("simple-rag-agent"), spans.find("search")
    assert (root.outputs, root.inputs["model_name"]) == ({"output": ["Test Result"]}, "DBRX")
    assert (search.parent_id, search.inputs, search.outputs) == (
        root.span_id,
        {"query_text": "demo", "num_results": 3},
        ["Test Result"],
    )
    assert capsys.readouterr().out.splitlines() == ["Input tokens: 10", "Output tokens: 5", "Total tokens: 15"]
    assert names["traces"][0].info.name == "root"


def test_the_shims_page_runs(answering: FakeCollector, spans: Captured, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        run_page("shim.md")
    finally:
        spanhouse.configure(span_processors=[], max_attribute_bytes=16 << 20)
    assert spans.find("request").outputs == "Rome is a city.Paris is one too."
    assert spans.find("pay").inputs == {"card": "***", "amount": 3}
    server = spans.find("server")
    assert server.parent_id == spans.find("client").span_id
    assert stored.TRACE_ID in capsys.readouterr().out


def test_every_attribute_that_is_written_is_documented() -> None:
    page = (DOCS / "shim.md").read_text("utf-8")
    values = [value for name, value in vars(semconv).items() if name.isupper() and isinstance(value, str)]
    values += [*semconv.REQUEST_PARAMETERS.values(), *semconv.OPERATION_OF_SPAN_TYPE.values()]
    assert [value for value in values if value not in page] == []


def test_every_setting_is_documented() -> None:
    page = (DOCS / "shim.md").read_text("utf-8")
    assert [variable for _, variable, _, _ in VARIABLES if f"`{variable}`" not in page] == []
    import inspect

    arguments = [name for name in inspect.signature(spanhouse.configure).parameters if f"| `{name}` |" not in page]
    assert arguments == []


def test_every_counter_is_documented() -> None:
    page = (DOCS / "shim.md").read_text("utf-8")
    package = Path(spanhouse.__file__).parent
    text = "".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    counters = set(re.findall(r'FAULTS\.count\("(\w+)"', text)) | set(re.findall(r'self\.count\("(\w+)"', text))
    assert len(counters) > 10
    assert [counter for counter in sorted(counters) if f"`{counter}`" not in page] == []


def test_every_name_of_entities_and_tracing_that_only_mlflows_programs_use_is_documented() -> None:
    page = (DOCS / "coming-from-mlflow.md").read_text("utf-8")
    for module in (spanhouse.entities, spanhouse.tracing):
        own = [name for name in module.__all__ if getattr(module, name).__module__ == module.__name__]
        assert [name for name in own if name not in page] == []
