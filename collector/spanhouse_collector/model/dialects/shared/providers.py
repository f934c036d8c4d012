"""Who answers a call: names of providers, and of frameworks that stand in their place.

All aliases are lower case: values are compared without regard to case.
Source: semantic-conventions-genai `docs/gen-ai`.
"""

from __future__ import annotations

from typing import Final

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
