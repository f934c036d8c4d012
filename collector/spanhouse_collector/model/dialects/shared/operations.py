"""Other names of operations, and the span types that operations tell.

Source: semantic-conventions-genai `docs/gen-ai`.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import types

OPERATIONS: Final[dict[str, str]] = {
    "chat.completions": "chat",
    "acompletion": "chat",
    "completion": "chat",
    "text.completions": "text_completion",
    "text_completions": "text_completion",
    "atext_completion": "text_completion",
    "embedding": "embeddings",
    "aembedding": "embeddings",
    "arerank": "rerank",
    "agent_handoff": "handoff",
    "run_guardrail": "apply_guardrail",
    "guardrail_check": "apply_guardrail",
    "transcription": "speech_to_text",
    "stt": "speech_to_text",
    "speech_generation": "text_to_speech",
    "tts": "text_to_speech",
}

_TYPES: Final = types(
    LLM="chat text_completion generate_content generate_live_content fetch_response response llm_call llm_request llm "
    "image image_generation acompletion completion anthropic_messages aresponses responses",
    EMBEDDING="embeddings",
    RERANKER="rerank reranker",
    RETRIEVER="retrieval vectordb vector_db_retrieve retriever",
    TOOL="execute_tool tool_call tool.execute execute_function tool",
    AGENT="invoke_agent create_agent agent_call agent.run process_thread_run agent start_thread_run",
    WORKFLOW="invoke_workflow workflow.run invoke_swarm invoke_graph framework workflow",
    CHAIN="handoff chain user_prompt system_prompt schedule_tool_calls create_thread create_message list_messages "
    "get_thread_run submit_tool_outputs",
    TASK="execute_task run_step agent_step execute_event_loop_cycle plan task",
    PARSER="parser",
    PROMPT="prompt",
    MEMORY="create_memory search_memory update_memory upsert_memory delete_memory create_memory_store "
    "delete_memory_store memory",
    GUARDRAIL="apply_guardrail guardrail",
    EVALUATOR="evaluate evaluator",
    SPEECH="speech_to_text text_to_speech audio",
)
# Operation, by any of its names → span type.
OPERATION_TYPES: Final = {
    **_TYPES,
    **{alias: _TYPES[name] for alias, name in OPERATIONS.items() if name in _TYPES},
}
