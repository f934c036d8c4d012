// Vercel AI SDK v6: what the program of v5 does, with the packages of v6.
await import("./vercel-ai-v5.mjs");
