// Vercel AI SDK v5 with its experimental telemetry: text, streams, tools, objects, embeddings, Anthropic, an error.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { embed, embedMany, generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import * as c from "./common.mjs";

const provider = c.setUp();
const openai = createOpenAI({ baseURL: c.BASE_URL, apiKey: "sk-mock" });
const anthropic = createAnthropic({ baseURL: c.BASE_URL, apiKey: "sk-mock" });
const model = openai("gpt-4o-mini");
const embedder = openai.textEmbeddingModel("text-embedding-3-small");
const telemetry = (functionId, metadata) => ({ isEnabled: true, functionId, metadata });
const tools = {
  get_weather: tool({
    description: "Get the weather of a city.",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => c.getWeather(city),
  }),
};

const who = { sessionId: "sess-ai-1", userId: "u-161", tags: ["beta", "web"] };
await generateText({
  model,
  system: "You are terse.",
  prompt: c.ASK_PARIS,
  temperature: 0.5,
  experimental_telemetry: telemetry("ask-paris", who),
});

await generateText({
  model: openai.chat("gpt-4o-mini"),
  prompt: c.ASK_WEATHER,
  tools,
  stopWhen: stepCountIs(3),
  experimental_telemetry: telemetry("ask-weather"),
});

const streamed = streamText({ model, prompt: c.ASK_HAIKU, experimental_telemetry: telemetry("stream-haiku") });
for await (const _ of streamed.textStream);

await generateObject({
  model,
  schema: z.object({ city: z.string(), celsius: z.number(), sky: z.string() }),
  prompt: c.ASK_WEATHER,
  experimental_telemetry: telemetry("forecast"),
});

await generateText({
  model: anthropic("claude-sonnet-4-5"),
  prompt: c.ASK_PARIS,
  experimental_telemetry: telemetry("ask-claude"),
});

await embed({ model: embedder, value: c.ASK_RETENTION, experimental_telemetry: telemetry("embed-one") });
await embedMany({ model: embedder, values: c.DOCUMENTS, experimental_telemetry: telemetry("embed-many") });

await c.failing(() =>
  generateText({
    model,
    prompt: c.ASK_REFUSED,
    maxRetries: 0,
    experimental_telemetry: telemetry("refused"),
  }),
);

await provider.shutdown();
