import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Everything the content security policy `default-src 'self'` asks for: no data: URIs, no inline scripts, no workers
// made of text. The base is relative; the collector makes the page's links relative to the page's own address.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    outDir: "../spanhouse_collector/_ui",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: "manifest.json",
    target: "es2022",
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:4318", "/metrics": "http://127.0.0.1:4318" } },
});
