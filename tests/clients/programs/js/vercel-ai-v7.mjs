// Vercel AI SDK v7 with @ai-sdk/otel: by default, with every supplement, and with its legacy spans.
import { createOpenAI } from "@ai-sdk/openai";
import { LegacyOpenTelemetry, OpenTelemetry } from "@ai-sdk/otel";
import { embed, generateText, isStepCount, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import * as c from "./common.mjs";

const provider = c.setUp();
const openai = createOpenAI({ baseURL: c.BASE_URL, apiKey: "sk-mock" });
const model = openai("gpt-4o-mini");
const embedder = openai.embeddingModel("text-embedding-3-small");
const plain = [new OpenTelemetry()];
const full = [new OpenTelemetry({ usage: true, providerMetadata: true, embedding: true, runtimeContext: true })];
const legacy = [new LegacyOpenTelemetry()];
const tools = {
  get_weather: tool({
    description: "Get the weather of a city.",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => c.getWeather(city),
  }),
};
const stopWhen = (isStepCount ?? stepCountIs)(3);
const context = (who) => ({
  runtimeContext: who,
  includeRuntimeContext: Object.fromEntries(Object.keys(who).map((key) => [key, true])),
});

async function weather(functionId, integrations, who) {
  const { runtimeContext, includeRuntimeContext } = context(who);
  await generateText({
    model,
    prompt: c.ASK_WEATHER,
    tools,
    stopWhen,
    runtimeContext,
    telemetry: { functionId, integrations, includeRuntimeContext },
  });
}

await weather("weather-agent", plain, { sessionId: "sess-v7-0", userId: "u-170" });
await weather("weather-agent", full, { sessionId: "sess-v7-1", userId: "u-171", tags: ["beta", "web"] });
await weather("weather-agent", legacy, { sessionId: "sess-v7-2", userId: "u-172" });

const streamed = streamText({
  model: openai.chat("gpt-4o-mini"),
  prompt: c.ASK_HAIKU,
  telemetry: { functionId: "poet", integrations: full },
});
for await (const _ of streamed.textStream);

await generateText({
  model,
  instructions: "You are terse.",
  prompt: c.ASK_WEATHER,
  output: Output.object({ schema: z.object({ city: z.string(), celsius: z.number(), sky: z.string() }) }),
  telemetry: { functionId: "forecast", integrations: plain },
});

await embed({ model: embedder, value: c.ASK_RETENTION, telemetry: { functionId: "embed", integrations: plain } });
await embed({ model: embedder, value: c.ASK_RETENTION, telemetry: { functionId: "embed", integrations: full } });

await c.failing(() =>
  generateText({
    model,
    prompt: c.ASK_REFUSED,
    maxRetries: 0,
    telemetry: { functionId: "refused", integrations: full },
  }),
);

await provider.shutdown();
