import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const CSS = readFileSync("src/styles.css", "utf8");

function tokensOf(selector: string): Record<string, string> {
  const block = CSS.slice(CSS.indexOf(`${selector} {`)).split("}")[0] ?? "";
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map((match) => [match[1], match[2]]));
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const SURFACES = ["surface", "surface-2"];
const TEXTS = ["text", "muted", "link", "error-text", "ok", "warn-text"];
const BARS = ["model", "agent", "tool", "retrieval", "check", "step", "error", "line-strong"];

describe.each([["light", ":root"], ["dark", ':root[data-theme="dark"]']])("%s tokens", (_, selector) => {
  const tokens = tokensOf(selector);
  it.each(TEXTS.flatMap((text) => SURFACES.map((surface) => [text, surface])))("%s reads on %s", (text = "", surface = "") =>
    expect(contrast(tokens[text] ?? "", tokens[surface] ?? "")).toBeGreaterThanOrEqual(4.5));
  it.each(BARS)("%s is seen on the surface", (bar) => expect(contrast(tokens[bar] ?? "", tokens.surface ?? "")).toBeGreaterThanOrEqual(3));
  it.each([["text", "selected"], ["text", "accent-soft"], ["muted", "selected"], ["link", "selected"], ["error-text", "error-soft"], ["text", "mark"], ["text", "surface-3"], ["muted", "surface-3"], ["link", "accent-soft"]])("%s reads on %s", (text, surface) =>
    expect(contrast(tokens[text] ?? "", tokens[surface] ?? "")).toBeGreaterThanOrEqual(4.5));
});
