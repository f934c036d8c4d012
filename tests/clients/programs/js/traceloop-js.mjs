// OpenLLMetry for JavaScript over the OpenAI SDK: a workflow with an agent and a tool, streaming, embeddings, an error.
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import * as traceloop from "@traceloop/node-server-sdk";
import OpenAI from "openai";
import * as c from "./texts.mjs";

traceloop.initialize({
  appName: process.env.OTEL_SERVICE_NAME,
  exporter: new OTLPTraceExporter(),
  instrumentModules: { openAI: OpenAI },
  silenceInitializationMessage: true,
  traceloopSyncEnabled: false,
  baseUrl: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
  traceContent: true,
});
const client = new OpenAI({ apiKey: "sk-mock", baseURL: c.BASE_URL, maxRetries: 0 });
const model = "gpt-4o-mini";
const tools = [
  {
    type: "function",
    function: {
      name: "get_weather",
      description: "Get the weather of a city.",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  },
];
const user = (content) => ({ role: "user", content });
const ask = (messages, more = {}) => client.chat.completions.create({ model, messages, ...more });

// Takes a while, so that the spans around it start in milliseconds of their own.
async function lookUp(city) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return c.getWeather(city);
}

async function agent(question) {
  const wanted = (await ask([user(question)], { tools })).choices[0].message;
  const call = wanted.tool_calls[0];
  const { city } = JSON.parse(call.function.arguments);
  const content = await traceloop.withTool({ name: "get_weather" }, lookUp, city);
  const result = { role: "tool", tool_call_id: call.id, content };
  return (await ask([user(question), wanted, result], { tools })).choices[0].message.content;
}

await traceloop.withAssociationProperties({ session_id: "sess-tj-1", user_id: "u-211" }, () =>
  traceloop.withWorkflow({ name: "ask_weather" }, (question) =>
    traceloop.withAgent({ name: "weather_agent" }, agent, question), c.ASK_WEATHER),
);

await ask([{ role: "system", content: "You are terse." }, user(c.ASK_PARIS)], { temperature: 0.5 });

await traceloop.withWorkflow({ name: "stream_haiku" }, async (question) => {
  const stream = await ask([user(question)], { stream: true, stream_options: { include_usage: true } });
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
  return text;
}, c.ASK_HAIKU);

await traceloop.withWorkflow({ name: "embed" }, async (text) => {
  await client.embeddings.create({ model: "text-embedding-3-small", input: text });
}, c.ASK_RETENTION);

await c.failing(() => traceloop.withWorkflow({ name: "broken" }, (question) => ask([user(question)]), c.ASK_REFUSED));

await traceloop.forceFlush();
process.exit(0);
