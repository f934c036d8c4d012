"""dspy: a module that asks a model through litellm, and a chain of thought."""

from __future__ import annotations

import dspy
from common import PROVIDER, QUESTION, claim, of_kind, traced

import spanhouse

spanhouse.autolog("litellm")
model = dspy.LM("openai/gpt-4o-mini", api_base=PROVIDER + "/v1", api_key="x", cache=False)
dspy.configure(lm=model, adapter=dspy.ChatAdapter())


class Echo(dspy.Module):
    """Asks the model as it is: what it answers is no matter of dspy's format."""

    def forward(self, question: str) -> str:
        """Ask."""
        return str(model(question)[0])


with traced("dspy") as captured:
    print(Echo()(question=QUESTION))
    with dspy.context(lm=dspy.utils.DummyLM([{"answer": "Paris", "reasoning": "known"}])):
        print(dspy.ChainOfThought("question -> answer")(question=QUESTION).answer)
calls = of_kind(captured, "LLM")
claim([call.name for call in calls] == ["LM.__call__", "DummyLM.__call__"], f"calls: {[call.name for call in calls]}")
modules = {span.name for span in of_kind(captured, "CHAIN")}
claim({"Echo.forward", "ChainOfThought.forward"} <= modules, f"modules: {modules}")
