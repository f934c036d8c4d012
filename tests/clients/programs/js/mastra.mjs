// Mastra with its OpenTelemetry exporter: an agent with a tool, two turns, streaming, a workflow, an error.
import { createOpenAI } from "@ai-sdk/openai";
import { Mastra } from "@mastra/core";
import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { createStep, createWorkflow } from "@mastra/core/workflows";
import { Observability } from "@mastra/observability";
import { OtelExporter } from "@mastra/otel-exporter";
import { z } from "zod";

const openai = createOpenAI({ baseURL: `${process.env.MOCK_URL}/v1`, apiKey: "sk-mock" });
const model = openai.chat("gpt-4o-mini");
const weather = createTool({
  id: "get_weather",
  description: "Get the weather of a city.",
  inputSchema: z.object({ city: z.string() }),
  outputSchema: z.object({ text: z.string() }),
  execute: async (input) => ({ text: `${(input.context ?? input).city}: 21 degrees, sunny` }),
});
const agent = (name) =>
  new Agent({ id: name, name, instructions: "You help travellers.", model, tools: { get_weather: weather }, maxRetries: 0 });

const shout = createStep({
  id: "shout",
  inputSchema: z.object({ text: z.string() }),
  outputSchema: z.object({ text: z.string() }),
  execute: async ({ inputData }) => ({ text: inputData.text.toUpperCase() }),
});
const workflow = createWorkflow({
  id: "shouting",
  inputSchema: z.object({ text: z.string() }),
  outputSchema: z.object({ text: z.string() }),
})
  .then(shout)
  .commit();

const endpoint = `${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`;
const exporter = new OtelExporter({ provider: { custom: { endpoint, protocol: "http/json" } } });
const mastra = new Mastra({
  agents: { weather_agent: agent("weather_agent"), talk_agent: agent("talk_agent") },
  workflows: { shouting: workflow },
  observability: new Observability({
    configs: { otel: { serviceName: process.env.OTEL_SERVICE_NAME, exporters: [exporter] } },
  }),
  logger: false,
});

const who = { tracingOptions: { metadata: { sessionId: "sess-ma-1", userId: "u-181" }, tags: ["beta", "web"] } };
await mastra.getAgent("weather_agent").generate("What is the weather in Lisbon?", who);

const talk = { tracingOptions: { metadata: { sessionId: "sess-ma-2", userId: "amara@example.com" } } };
const first = { role: "user", content: "Hi, my name is Amara." };
const answer = await mastra.getAgent("talk_agent").generate([first], talk);
const said = { role: "assistant", content: answer.text };
await mastra.getAgent("talk_agent").generate([first, said, { role: "user", content: "What is my name?" }], talk);

const streamed = await mastra.getAgent("talk_agent").stream("Write a haiku about tracing.");
for await (const _ of streamed.textStream);

const run = await mastra.getWorkflow("shouting").createRun();
await run.start({ inputData: { text: "quiet" } });

try {
  await mastra.getAgent("talk_agent").generate("Please refuse this.");
} catch {
  // The provider refuses, as it was asked to.
}

await mastra.shutdown();
