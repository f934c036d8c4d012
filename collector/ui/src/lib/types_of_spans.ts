// Families of span types: glyph, colour and word together, so that none is told by colour alone.

export type Family = "model" | "agent" | "tool" | "retrieval" | "check" | "step";

const OF_TYPE: Record<string, Family> = {
  LLM: "model", EMBEDDING: "model", RERANKER: "model", SPEECH: "model",
  AGENT: "agent", WORKFLOW: "agent",
  TOOL: "tool",
  RETRIEVER: "retrieval", MEMORY: "retrieval",
  EVALUATOR: "check", GUARDRAIL: "check",
};

export const familyOf = (spanType: string): Family => OF_TYPE[spanType] ?? "step";
export const SPAN_TYPES = [
  "LLM", "AGENT", "TOOL", "RETRIEVER", "CHAIN", "WORKFLOW", "EMBEDDING", "RERANKER", "TASK", "PARSER", "PROMPT",
  "MEMORY", "GUARDRAIL", "EVALUATOR", "SPEECH", "EVENT", "UNKNOWN",
];
