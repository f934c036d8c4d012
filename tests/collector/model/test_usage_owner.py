"""Each token and each dollar counts once, in every way that instrumentations are known to overlap."""

from __future__ import annotations

from typing import Any

import pytest

from spanhouse_collector.model.trace_tree import build_tree
from spanhouse_collector.model.trace_tree_row import SpanRow
from spanhouse_collector.model.usage_owner import Usage, usage_scopes, usage_totals
from tests.collector.model.rows import llm, row


def scopes(*spans: SpanRow) -> dict[str, str]:
    tree = build_tree(spans)
    return {span.span_id: scope for span, scope in zip(tree.rows, usage_scopes(tree.rows, tree.parents), strict=True)}


def totals(*spans: SpanRow) -> Usage:
    tree = build_tree(spans)
    return usage_totals(tree.rows, usage_scopes(tree.rows, tree.parents))


def summing(span_id: str, parent: str = "", tokens: int = 10, span_type: str = "AGENT", **columns: Any) -> SpanRow:
    return llm(span_id, parent, tokens, **{"span_type": span_type, **columns})


def test_vercel_the_inner_call_owns() -> None:
    spans = [summing("ai.generateText", span_type="CHAIN"), llm("doGenerate", "ai.generateText")]
    assert scopes(*spans) == {"ai.generateText": "aggregate", "doGenerate": "own"}


def test_vercel_7_agent_and_step_sum_up_the_chat() -> None:
    found = scopes(
        summing("agent"), summing("step", "agent", span_type="TASK"), llm("chat", "step"), row("tool", "step")
    )
    assert found == {"agent": "aggregate", "step": "aggregate", "chat": "own", "tool": "none"}


def test_strands_the_lifetime_sum_of_an_agent_does_not_count() -> None:
    assert totals(summing("agent", tokens=5000), row("cycle", "agent"), llm("chat", "cycle", 20)).input_tokens == 20


@pytest.mark.parametrize("between", [0, 3])
def test_a_framework_and_a_client_library_tell_of_one_call_the_deepest_owns(between: int) -> None:
    steps = [row(f"step{number}", f"step{number - 1}" if number else "outer") for number in range(between)]
    inner = llm("inner", steps[-1].span_id if steps else "outer", 25)
    assert scopes(llm("outer", tokens=10), *steps, inner) | {} == {
        "outer": "duplicate",
        **{step.span_id: "none" for step in steps},
        "inner": "own",
    }


def test_adk_call_llm_owns_only_without_generate_content() -> None:
    assert scopes(llm("call_llm"), llm("generate_content", "call_llm"))["call_llm"] == "duplicate"
    assert scopes(llm("call_llm"))["call_llm"] == "own"


def test_litellm_the_raw_request_repeats_the_call_above_it() -> None:
    raw = llm("raw", "litellm_request", name="raw_gen_ai_request", scope_name="litellm")
    assert scopes(llm("litellm_request"), raw) == {"litellm_request": "own", "raw": "duplicate"}


def test_claude_both_ends_of_one_call_count_at_the_client() -> None:
    client = llm("client", kind="CLIENT", response_id="msg_1")
    server = llm("server", "client", kind="SERVER", response_id="msg_1")
    assert scopes(client, server) == {"client": "own", "server": "duplicate"}


def test_a_server_span_alone_owns_its_call() -> None:
    assert (
        scopes(row("client", kind="CLIENT"), llm("server", "client", kind="SERVER", response_id="m"))["server"] == "own"
    )


def test_a_gateway_in_the_same_trace_is_the_deepest() -> None:
    found = scopes(
        llm("openai.chat", response_id="a"), row("POST", "openai.chat", kind="SERVER"), llm("gateway", "POST")
    )
    assert (found["openai.chat"], found["gateway"]) == ("duplicate", "own")


def test_two_libraries_side_by_side_tell_of_one_response_the_nearest_to_it_owns() -> None:
    wrapper = llm("wrapper", "root", 11, 0, 100, response_id="msg_1")
    sdk = llm("sdk", "root", 10, 5, 95, response_id="msg_1")
    assert scopes(row("root"), wrapper, sdk) == {"root": "none", "wrapper": "duplicate", "sdk": "own"}
    assert totals(row("root"), wrapper, sdk).input_tokens == 10


def test_equal_response_ids_above_each_other_leave_the_deepest() -> None:
    assert scopes(llm("chat", response_id="m"), llm("sdk", "chat", response_id="m")) == {
        "chat": "duplicate",
        "sdk": "own",
    }


def test_calls_without_response_ids_are_calls_of_their_own() -> None:
    assert totals(row("root"), llm("a", "root"), llm("b", "root")).input_tokens == 20


def test_an_agent_without_calls_below_it_owns_what_it_tells() -> None:
    """Azure's agent service: the calls happen on the server, and only their sum is known."""
    assert scopes(summing("workflow"), summing("run", "workflow")) == {"workflow": "aggregate", "run": "own"}


def test_beside_an_agent_with_calls_one_without_owns_its_own() -> None:
    found = scopes(summing("crew"), summing("a", "crew"), llm("chat", "a"), summing("b", "crew", 7))
    assert found == {"crew": "aggregate", "a": "aggregate", "chat": "own", "b": "own"}


def test_logfire_the_log_of_a_streamed_answer_owns_when_its_call_has_no_usage() -> None:
    call = row("call", span_type="LLM")
    log = summing("log", "call", span_type="EVENT")
    assert scopes(call, log) == {"call": "own", "log": "own"}
    assert scopes(llm("call"), log) == {"call": "own", "log": "duplicate"}


def test_an_event_that_tells_of_a_counted_response_does_not_count() -> None:
    found = scopes(
        row("root"), llm("call", "root", response_id="r"), summing("log", "root", span_type="EVENT", response_id="r")
    )
    assert found["log"] == "duplicate"


def test_embeddings_and_rerankers_own_as_calls_do() -> None:
    inner = llm("doEmbed", "embed", span_type="EMBEDDING", output_tokens=None)
    assert scopes(summing("embed", span_type="CHAIN"), inner)["doEmbed"] == "own"
    assert scopes(llm("rank", span_type="RERANKER"))["rank"] == "own"


def test_a_failed_inner_call_with_zeros_does_not_hide_the_outer_one() -> None:
    failed = llm("inner", "outer", input_tokens=0, output_tokens=0, total_tokens=0, cost_usd=0.0)
    assert scopes(llm("outer"), failed)["outer"] == "own"
    assert totals(llm("outer"), failed).input_tokens == 10


def test_a_cost_without_tokens_is_usage() -> None:
    spans = [llm("outer", cost_usd=0.2), row("inner", "outer", span_type="LLM", cost_usd=0.1)]
    assert totals(*spans).cost_usd == pytest.approx(0.1)


def test_an_unknown_price_is_no_price_of_zero() -> None:
    assert totals(llm("a")).cost_usd is None
    assert totals(llm("a", cost_usd=0.5), llm("b")).cost_usd == pytest.approx(0.5)


def test_a_missing_total_is_input_and_output() -> None:
    assert totals(llm("a", tokens=3, total_tokens=None)).total_tokens == 4


def test_a_record_that_was_replaced_does_not_count() -> None:
    assert totals(llm("a", is_pending=True), llm("a")).input_tokens == 10
