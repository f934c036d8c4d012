// Genkit with its own tracing, OpenAI through its compatible plugin: generation, a tool, a flow, streaming, embeddings, an error.
import { openAI } from "@genkit-ai/compat-oai/openai";
import { genkit, z } from "genkit";
import { enableTelemetry } from "genkit/tracing";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import * as c from "./texts.mjs";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const processor = new BatchSpanProcessor(new OTLPTraceExporter());
await enableTelemetry({ spanProcessors: [processor], instrumentations: [], autoDetectResources: false });
const ai = genkit({ plugins: [openAI({ apiKey: "sk-mock", baseURL: c.BASE_URL, maxRetries: 0 })] });
const model = openAI.model("gpt-4o-mini");

const weather = ai.defineTool(
  {
    name: "get_weather",
    description: "Get the weather of a city.",
    inputSchema: z.object({ city: z.string() }),
    outputSchema: z.string(),
  },
  async ({ city }) => c.getWeather(city),
);
const flow = ai.defineFlow(
  { name: "ask_paris", inputSchema: z.string(), outputSchema: z.string() },
  async (question) => (await ai.generate({ model, system: "You are terse.", prompt: question })).text,
);

await flow(c.ASK_PARIS);
await ai.generate({ model, prompt: c.ASK_WEATHER, tools: [weather] });

const { stream, response } = ai.generateStream({ model, prompt: c.ASK_HAIKU });
for await (const _ of stream);
await response;

await ai.embed({ embedder: openAI.embedder("text-embedding-3-small"), content: c.ASK_RETENTION });
await c.failing(() => ai.generate({ model, prompt: c.ASK_REFUSED }));

await processor.forceFlush();
process.exit(0);
