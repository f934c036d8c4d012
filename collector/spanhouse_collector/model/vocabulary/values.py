"""What the values of the vocabulary's keys mean: providers, frameworks, operations, span types, finish reasons.

All keys of these tables are lower case: values are compared without regard to case.

Sources: semantic-conventions-genai `docs/gen-ai` (operations, providers), openinference `spec/`, openllmetry
`semconv_ai`, mlflow `mlflow/entities/span.py`, langfuse `packages/shared/src/server/otel`, langsmith-sdk
`_internal/otel`, vercel/ai `packages/ai/src/telemetry`, mastra `observability`, lmnr `span types`, genkit
`js/core/src/tracing`, spring-ai `observation`.
"""

from __future__ import annotations

from typing import Final

SPAN_TYPES: Final = (
    "LLM",
    "EMBEDDING",
    "RERANKER",
    "RETRIEVER",
    "TOOL",
    "AGENT",
    "WORKFLOW",
    "CHAIN",
    "TASK",
    "PARSER",
    "PROMPT",
    "MEMORY",
    "GUARDRAIL",
    "EVALUATOR",
    "SPEECH",
    "EVENT",
    "UNKNOWN",
)
# Types whose usage counts by itself; every other span that carries usage repeats that of its descendants.
USAGE_OWNERS: Final = ("LLM", "EMBEDDING", "RERANKER")

# Text that stands for no value, under keys that name things.
PLACEHOLDERS: Final = ("none", "null", "unknown", "<not specified>", "n/a", "undefined", "{}", "[]")
# Text that stands in place of content that was not captured.
NO_CONTENT: Final = (
    "{}",
    "[]",
    "null",
    '""',
    "N/A",
    "<REDACTED>",
    "[REDACTED]",
    "__REDACTED__",
    "<elided>",
    "<not serializable>",
)
SCRUBBED_PREFIX: Final = "[Scrubbed due to "

PROVIDERS: Final[dict[str, str]] = {
    alias: provider
    for provider, aliases in {
        "gcp.vertex_ai": "vertex_ai vertexai google_vertexai google-vertex google-cloud google.vertex",
        "gcp.gemini": "gemini google google_genai google.generative-ai google_ai_gemini google_ai_studio google-gla "
        "googleai",
        "azure.ai.openai": "az.ai.openai azure azure_openai azure-openai azureopenai",
        "azure.ai.inference": "az.ai.inference azure_ai az.ai.agents azure.ai.agents",
        "aws.bedrock": "bedrock bedrock_converse amazon_bedrock amazon aws aws-bedrock bedrock-runtime amazon-bedrock",
        "mistral_ai": "mistral mistralai",
        "x_ai": "xai grok",
        "ibm.watsonx.ai": "watsonx watsonx.ai",
        "moonshot_ai": "moonshot moonshotai",
        "openai": "open_ai openai-chat openai-responses",
        "together_ai": "togetherai together",
    }.items()
    for alias in aliases.split()
}
# Providers that Vercel's AI SDK writes with what is called after a dot (`openai.responses`).
DOTTED_PROVIDERS: Final = ("openai", "anthropic", "cohere", "groq", "deepseek", "perplexity", "fireworks", "cerebras")
# A framework is what instrumented the call, not who answered it.
FRAMEWORKS: Final = (
    "strands-agents",
    "autogen",
    "langchain",
    "langgraph",
    "crewai",
    "gcp.vertex.agent",
    "microsoft.agent_framework",
    "spring_ai",
    "semantic_kernel",
    "haystack",
    "llamaindex",
    "llama_index",
    "mastra",
    "pydantic-ai",
    "openai_agents",
    "agno",
    "gen_ai_hub",
    "framework",
    "litellm",
    "opentelemetry",
)
# `azure.ai.agents` names Azure's agent service: a framework, on a provider.
AGENT_SERVICES: Final[dict[str, str]] = {"az.ai.agents": "azure_ai_agents", "azure.ai.agents": "azure_ai_agents"}

# Who answers at an address: a host, or its last labels.
PROVIDER_HOSTS: Final[tuple[tuple[str, str], ...]] = (
    ("api.openai.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("openai.azure.com", "azure.ai.openai"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.cohere.com", "cohere"),
    ("api.deepseek.com", "deepseek"),
    ("api.groq.com", "groq"),
    ("api.x.ai", "x_ai"),
)
# Who makes models of such names; the first that matches the start of the lower-case name.
PROVIDER_MODELS: Final[tuple[tuple[str, str], ...]] = (
    ("us.anthropic.", "aws.bedrock"),
    ("eu.anthropic.", "aws.bedrock"),
    ("apac.anthropic.", "aws.bedrock"),
    ("global.anthropic.", "aws.bedrock"),
    ("anthropic.claude", "aws.bedrock"),
    ("us.amazon.", "aws.bedrock"),
    ("amazon.", "aws.bedrock"),
    ("us.meta.", "aws.bedrock"),
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("text-embedding-3", "openai"),
    ("text-embedding-ada", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("openai/", "openai"),
    ("claude", "anthropic"),
    ("anthropic/", "anthropic"),
    ("gemini", "gcp.gemini"),
    ("gemini/", "gcp.gemini"),
    ("googleai/", "gcp.gemini"),
    ("vertex_ai/", "gcp.vertex_ai"),
    ("bedrock/", "aws.bedrock"),
    ("mistral", "mistral_ai"),
    ("codestral", "mistral_ai"),
    ("command-", "cohere"),
    ("deepseek", "deepseek"),
    ("grok", "x_ai"),
)

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

FINISH_REASONS: Final[dict[str, str]] = {
    alias: reason
    for reason, aliases in {
        "stop": "stop end_turn stop_sequence completed finishreason.stop complete",
        "length": "length max_tokens max_output_tokens incomplete finishreason.length finishreason.max_tokens",
        "tool_call": "tool_calls tool_use tool-calls tool_call function_call finishreason.tool_calls",
        "content_filter": "content_filter content-filter safety recitation guardrail_intervened refusal "
        "finishreason.content_filter finishreason.safety",
        "error": "error failed cancelled",
    }.items()
    for alias in aliases.split()
}


def _types(**values: str) -> dict[str, str]:
    return {value: span_type for span_type, listed in values.items() for value in listed.split()}


_OPERATION_TYPES: Final = _types(
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
_OWN_TYPES: Final = {name.lower(): name for name in SPAN_TYPES}

# Group (the decoder of a span_type source) → value → span type. What a group does not know is no hit.
SPAN_TYPES_OF: Final[dict[str, dict[str, str]]] = {
    "spanhouse": _OWN_TYPES,
    "langfuse": _types(
        LLM="generation",
        EMBEDDING="embedding",
        RETRIEVER="retriever",
        TOOL="tool",
        AGENT="agent",
        CHAIN="chain span",
        GUARDRAIL="guardrail",
        EVALUATOR="evaluator",
        EVENT="event",
    ),
    "langsmith": _types(
        LLM="llm",
        CHAIN="chain",
        TOOL="tool",
        RETRIEVER="retriever",
        EMBEDDING="embedding",
        PROMPT="prompt",
        PARSER="parser",
    ),
    "openinference": _OWN_TYPES,
    "mlflow": {**_OWN_TYPES, "chat_model": "LLM"},
    "traceloop": _types(WORKFLOW="workflow session", TASK="task", AGENT="agent", TOOL="tool", CHAIN="unknown handoff"),
    "mastra": _types(
        AGENT="agent_run",
        LLM="model_generation llm_generation model_inference",
        TASK="model_step workflow_step workflow_conditional workflow_conditional_eval workflow_parallel workflow_loop "
        "workflow_sleep workflow_wait_event",
        EVENT="model_chunk llm_chunk",
        TOOL="tool_call mcp_tool_call client_tool_call",
        WORKFLOW="workflow_run",
        MEMORY="memory_operation",
        RETRIEVER="rag_query rag_vector_operation rag_action",
        EMBEDDING="rag_embedding",
        EVALUATOR="scorer_run scorer_step",
        GUARDRAIL="processor_run",
        CHAIN="generic",
    ),
    "laminar": _types(
        LLM="llm cached",
        TOOL="tool",
        CHAIN="default pipeline",
        AGENT="executor",
        EVALUATOR="evaluator human_evaluator evaluation",
    ),
    "genkit": _types(
        LLM="model background-model",
        EMBEDDING="embedder",
        TOOL="tool tool.v2",
        RETRIEVER="retriever",
        RERANKER="reranker",
        EVALUATOR="evaluator",
        WORKFLOW="flow",
        TASK="flowstep",
        PROMPT="prompt executableprompt executable-prompt dotprompt",
        CHAIN="util action",
    ),
    "spring": _types(CHAIN="chat_client advisor", TOOL="tool_call", RETRIEVER="", LLM="", EMBEDDING=""),
    "span.type": _types(
        AGENT="agent interaction claude_code.interaction",
        LLM="llm llm_request claude_code.llm_request",
        TOOL="tool claude_code.tool tool_call",
        CHAIN="tool.blocked_on_user claude_code.tool.blocked_on_user hook claude_code.hook",
        TASK="tool.execution claude_code.tool.execution task step",
        RETRIEVER="retriever",
        MEMORY="memory",
        WORKFLOW="workflow",
        EMBEDDING="embedding",
        GUARDRAIL="guardrail",
        EVALUATOR="evaluator scorer",
    ),
    "weave": {**_OWN_TYPES, "chat": "LLM"},
    "vercel": _types(
        CHAIN="ai.generatetext ai.streamtext ai.generateobject ai.streamobject ai.embed ai.embedmany",
        LLM="ai.generatetext.dogenerate ai.streamtext.dostream ai.generateobject.dogenerate ai.streamobject.dostream",
        EMBEDDING="ai.embed.doembed ai.embedmany.doembed",
        TOOL="ai.toolcall",
        RERANKER="ai.rerank ai.rerank.dorerank",
    ),
    "operation": {
        **_OPERATION_TYPES,
        **{alias: _OPERATION_TYPES[to] for alias, to in OPERATIONS.items() if to in _OPERATION_TYPES},
    },
    "request_type": _types(
        LLM="chat completion llm_request acompletion anthropic_messages aresponses responses atext_completion "
        "text_completion",
        EMBEDDING="embedding aembedding",
        RERANKER="rerank arerank",
    ),
    "vector_db": _types(
        RETRIEVER="query search similarity_search similarity_search_with_score peek query_points search_points "
        "search_batch query_batch hybrid_search vector_search search_groups recommend"
    ),
    "vector_store": {"vector_store": "MEMORY"},
    "mcp": {
        "tools/call": "TOOL",
        "prompts/get": "PROMPT",
        "resources/read": "RETRIEVER",
        **dict.fromkeys(
            (
                "initialize",
                "tools/list",
                "prompts/list",
                "resources/list",
                "resources/templates/list",
                "resources/subscribe",
                "completion/complete",
                "sampling/createmessage",
                "ping",
            ),
            "CHAIN",
        ),
    },
}
