import { defineConfig } from "vitest/config";

// Pure parts only: what needs a page is tested in a real Chromium (tests/ui).
export default defineConfig({ test: { include: ["src/**/*.test.ts"], environment: "node", setupFiles: ["scripts/globals.mjs"] } });
