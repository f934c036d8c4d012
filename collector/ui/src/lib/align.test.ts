import { describe, expect, it } from "vitest";
import { lineDiff } from "./align";

const text = (before: string, after: string): string => lineDiff(before, after).map(({ kind, text }) => `${{ same: " ", add: "+", del: "-" }[kind]}${text}`).join("|");

describe("a comparison of texts", () => {
  it("keeps what both have", () => expect(text("a\nb\nc", "a\nx\nc")).toBe(" a|-b|+x| c"));
  it("sees what was added at the end", () => expect(text("a", "a\nb")).toBe(" a|+b"));
  it("sees what moved as taken and added", () => expect(text("a\nb\nc", "b\nc\na")).toBe("-a| b| c|+a"));
  it("is nothing but equal for equal texts", () => expect(text("a\nb", "a\nb")).toBe(" a| b"));
});
