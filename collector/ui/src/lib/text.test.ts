import { describe, expect, it } from "vitest";
import { parseExact } from "./api";
import { visible } from "./text";

describe("text that would hide or turn the page around", () => {
  it("is shown as signs", () => expect(visible("a\u0000b\u001b\u007f\u202ec\u2066")).toBe("a␀b␛␡⟪U+202E⟫c⟪U+2066⟫"));
  it("leaves lines, tabs and other scripts alone", () => expect(visible("مرحبا\n\tnaïve 🙂")).toBe("مرحبا\n\tnaïve 🙂"));
});

describe("JSON with long integers", () => {
  it("keeps their digits", () => expect(parseExact('{"a":1796094050416954112,"b":[-9007199254740993]}')).toEqual({ a: "1796094050416954112", b: ["-9007199254740993"] }));
  it("leaves text, fractions and short ones alone", () => {
    const text = '{"a":"x \\"1796094050416954112\\" 1796094050416954112","b":0.1234567890123456789,"c":12,"d":1e20}';
    expect(parseExact(text)).toEqual(JSON.parse(text));
  });
});
