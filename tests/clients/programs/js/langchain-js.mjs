// OpenInference over LangChain.js: an agent with a tool, a RAG chain, two turns, streaming, an error.
import { LangChainInstrumentation } from "@arizeai/openinference-instrumentation-langchain";
import { setSession, setTags, setUser } from "@arizeai/openinference-core";
import * as callbacks from "@langchain/core/callbacks/manager";
import { Document } from "@langchain/core/documents";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { BaseRetriever } from "@langchain/core/retrievers";
import { RunnablePassthrough, RunnableSequence } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { context } from "@opentelemetry/api";
import { createAgent } from "langchain";
import { z } from "zod";
import * as c from "./common.mjs";

const provider = c.setUp();
const instrumentation = new LangChainInstrumentation({ tracerProvider: provider });
instrumentation.manuallyInstrument(callbacks);

const model = new ChatOpenAI({
  model: "gpt-4o-mini",
  apiKey: "sk-mock",
  maxRetries: 0,
  configuration: { baseURL: c.BASE_URL },
});
const weather = tool(async ({ city }) => c.getWeather(city), {
  name: "get_weather",
  description: "Get the weather of a city.",
  schema: z.object({ city: z.string() }),
});

class Handbook extends BaseRetriever {
  lc_namespace = ["app"];

  async _getRelevantDocuments() {
    return c.DOCUMENTS.map((pageContent, n) => new Document({ pageContent, id: `doc-${n}`, metadata: { page: n } }));
  }
}

const who = setTags(
  setUser(setSession(context.active(), { sessionId: "sess-lj-1" }), { userId: "u-191" }),
  ["beta", "web"],
);
await context.with(who, async () => {
  const agent = createAgent({ model, tools: [weather], systemPrompt: "You help travellers.", name: "weather_agent" });
  await agent.invoke({ messages: [new HumanMessage(c.ASK_WEATHER)] });
});

const prompt = ChatPromptTemplate.fromTemplate("Answer from these documents:\n{context}\nQuestion: {question}");
const rag = RunnableSequence.from([
  { context: new Handbook(), question: new RunnablePassthrough() },
  prompt,
  model,
  new StringOutputParser(),
]).withConfig({ runName: "handbook_rag" });
await rag.invoke(c.ASK_RETENTION);

const talk = { metadata: { thread_id: "thread-lj-2" } };
const first = await model.invoke([new HumanMessage(c.ASK_AMARA)], talk);
await model.invoke([new HumanMessage(c.ASK_AMARA), new AIMessage(first.content), new HumanMessage(c.ASK_NAME)], talk);

for await (const _ of await model.stream([new HumanMessage(c.ASK_HAIKU)]));

await c.failing(() => model.invoke([new HumanMessage(c.ASK_REFUSED)]));

await provider.shutdown();
