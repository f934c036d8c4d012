"""Who answers a call: names of providers, and of frameworks that stand in their place.

All aliases are lower case: values are compared without regard to case.
Source: semantic-conventions-genai `docs/gen-ai`.
"""

from __future__ import annotations

from typing import Final

PROVIDERS: Final[dict[str, str]] = {
    alias: provider
    for provider, aliases in {
        "gcp.vertex_ai": "vertex_ai vertexai vertex-ai vertex_ai_beta google_vertexai google_vertex_ai google-vertexai "
        "google-vertex google-vertex-ai google-cloud google.vertex",
        "gcp.gemini": "gemini google google_genai google.generative-ai google_ai_gemini google_ai_studio google-gla "
        "googleai google-ai google-genai gemini-api",
        "azure.ai.openai": "az.ai.openai azure azure_openai azure-openai azureopenai azure.openai",
        "azure.ai.inference": "az.ai.inference azure_ai azure-ai azure_ai_inference azure-ai-inference az.ai.agents "
        "azure.ai.agents",
        "aws.bedrock": "bedrock bedrock_converse amazon_bedrock amazon aws aws-bedrock bedrock-runtime amazon-bedrock "
        "aws_bedrock bedrock-converse bedrock_runtime amazon.bedrock",
        "mistral_ai": "mistral mistralai mistral-ai",
        "x_ai": "xai grok x-ai x.ai",
        "ibm.watsonx.ai": "watsonx watsonx.ai watsonx_ai ibm_watsonx ibm-watsonx ibm",
        "moonshot_ai": "moonshot moonshotai moonshot-ai",
        "openai": "open_ai open-ai openai-chat openai-responses openai_chat openai_responses",
        "together_ai": "togetherai together together-ai together.ai",
        "anthropic": "claude anthropic_messages",
        "cohere": "cohere_chat cohere-ai cohereai",
        "deepseek": "deepseek-ai deep_seek",
        "groq": "groqcloud groq-cloud",
        "perplexity": "perplexityai perplexity-ai perplexity_ai",
        "fireworks": "fireworksai fireworks-ai",
        "cerebras": "cerebras-ai cerebras_ai",
        "openrouter": "open_router open-router openrouter.ai",
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
    ("api.cohere.ai", "cohere"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("ai.azure.com", "azure.ai.inference"),
    ("openrouter.ai", "openrouter"),
    ("api.moonshot.ai", "moonshot_ai"),
    ("api.moonshot.cn", "moonshot_ai"),
    ("api.together.xyz", "together_ai"),
    ("api.together.ai", "together_ai"),
    ("api.fireworks.ai", "fireworks"),
    ("api.cerebras.ai", "cerebras"),
    ("api.perplexity.ai", "perplexity"),
    ("api.novita.ai", "novita"),
    ("api.minimax.io", "minimax"),
    ("api.voyageai.com", "voyageai"),
    ("api.z.ai", "zai"),
    ("open.bigmodel.cn", "zhipuai"),
    ("api.githubcopilot.com", "github-copilot"),
    ("cloud.databricks.com", "databricks"),
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
