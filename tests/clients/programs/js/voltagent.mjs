// VoltAgent with its own observability: an agent with a tool, two turns, streaming, an error.
import "./loopback.mjs";
import { createOpenAI } from "@ai-sdk/openai";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { Agent, createTool, VoltAgentObservability } from "@voltagent/core";
import { z } from "zod";
import * as c from "./texts.mjs";

const processor = new BatchSpanProcessor(new OTLPTraceExporter());
const observability = new VoltAgentObservability({
  serviceName: process.env.OTEL_SERVICE_NAME,
  spanProcessors: [processor],
});
const openai = createOpenAI({ baseURL: c.BASE_URL, apiKey: "sk-mock" });
const weather = createTool({
  name: "get_weather",
  description: "Get the weather of a city.",
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => c.getWeather(city),
});
const agent = (name) =>
  new Agent({
    name,
    instructions: "You help travellers.",
    model: openai.chat("gpt-4o-mini"),
    tools: [weather],
    maxRetries: 0,
    memory: false,
    observability,
  });

await agent("weather_agent").generateText(c.ASK_WEATHER, { userId: "u-231", conversationId: "conv-va-1" });
await agent("talk_agent").generateText(c.ASK_PARIS, { userId: "u-232", conversationId: "conv-va-2" });

const streamed = await agent("poet_agent").streamText(c.ASK_HAIKU);
for await (const _ of streamed.textStream);

await c.failing(() => agent("broken_agent").generateText(c.ASK_REFUSED, { maxRetries: 0 }));

await processor.forceFlush();
process.exit(0);
