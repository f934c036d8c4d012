import { describe, expect, it } from "vitest";
import { age, bytes, count, duration, iso, money, time, tokens } from "./format";

describe("numbers as people read them", () => {
  it.each([[812, "812 ns"], [812_000, "812 µs"], [34_200_000, "34.2 ms"], [1_840_000_000, "1.84 s"], [123_000_000_000, "2 m 03 s"], [3_840_000_000_000, "1 h 04 m"], [null, "–"]])(
    "shows %s ns as %s", (ns, text) => expect(duration(ns)).toBe(text));
  it.each([[812, "812"], [12_400, "12.4k"], [1_280_000, "1.28M"], [null, "–"]])("shows a count of %s as %s", (n, text) => expect(count(n)).toBe(text));
  it.each([[0.0042, "$0.0042"], [0.00001, "<$0.0001"], [null, "–"], [0, "$0"], [12.345, "$12.35"]])("shows %s dollars as %s", (usd, text) => expect(money(usd)).toBe(text));
  it("shows tokens as in and out, and none as missing", () => {
    expect(tokens(12_400, 812)).toBe("12.4k → 812");
    expect(tokens(0, 0)).toBe("–");
  });
  it("shows sizes in decimal units", () => expect(bytes(12_400)).toBe("12.4 kB"));
  it("keeps all nine digits of a second", () => expect(iso("1796094050416954112")).toBe("2026-12-01T03:00:50.416954112Z"));
  it("leaves out today's date and shows another one", () => {
    const now = Date.parse("2026-12-01T12:00:00");
    expect(time(`${Date.parse("2026-12-01T10:32:07.123")}000000`, now)).toBe("10:32:07.123");
    expect(time(`${Date.parse("2026-11-30T10:32:07")}000000`, now)).toBe("11-30 10:32:07");
    expect(age(`${now - 90_000}000000`, now)).toBe("1 min ago");
  });
});
