import { describe, expect, it } from "vitest";
import { bucketSeconds, parseRange, rangeOf, shifted, zoomed } from "./range";

const NOW = Date.parse("2026-12-01T12:00:00Z");

describe("ranges as text", () => {
  it("keep relative ones relative", () => expect(parseRange("90m", NOW)).toMatchObject({ text: "90m", since: "90m", until: "", fromMs: NOW - 5_400_000, isRelative: true }));
  it("read words, weeks and two times", () => {
    expect(parseRange("2w", NOW)?.since).toBe("14d");
    expect(parseRange("yesterday", NOW)?.toMs).toBeLessThanOrEqual(NOW);
    expect(parseRange("2026-11-30T10:00:00Z..2026-11-30T11:00:00Z", NOW)).toMatchObject({ since: "2026-11-30T10:00:00.000Z", until: "2026-11-30T11:00:00.000Z" });
  });
  it.each(["soon", "0h", "2026-11-30..2026-11-29", "1..2..3"])("refuse %s", (text) => expect(parseRange(text, NOW)).toBeNull());
  it("fall back to a day where an address has nonsense", () => expect(rangeOf("nonsense", NOW).text).toBe("24h"));
  it("shift by their width and zoom about their middle", () => {
    const range = rangeOf("2h", NOW);
    expect(rangeOf(shifted(range, -1), NOW).toMs).toBe(range.fromMs);
    expect(rangeOf(zoomed(range, 0.5), NOW).fromMs).toBe(NOW - 5_400_000);
  });
  it("have about as many buckets as asked for", () => expect(bucketSeconds(rangeOf("24h", NOW))).toBe(1800));
});
