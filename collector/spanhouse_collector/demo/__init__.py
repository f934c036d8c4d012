"""The demo: sample GenAI applications run against a collector, with a mock model behind them.

Owns: the mock LLM server (`mock_llm`, `mock_script`), the applications (`apps`) and the code that runs
them (`runner`). Leaves to others: starting the collector, and reading back what it stored.
"""
