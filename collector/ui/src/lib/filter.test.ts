import { describe, expect, it } from "vitest";
import { chosenValues, completionPlace, conditions, keyed, negated, tokens, toggledValue, withCondition, withoutField } from "./filter";

describe("tokens of the filter language", () => {
  it("cover every character once", () => {
    const text = `model = 'it''s' AND attributes."a b" >= 1.5s OR text : "x" AND NOT tags IN ('a')`;
    expect(tokens(text).map((token) => token.text).join("")).toBe(text);
  });
  it("tell fields, operators and values apart", () => {
    const kinds = tokens("span_type NOT IN ('LLM') AND duration > 2s").filter((token) => token.kind !== "space").map((token) => token.kind);
    expect(kinds).toEqual(["field", "keyword", "operator", "paren", "text", "paren", "keyword", "field", "operator", "number"]);
  });
});

describe("conditions that AND joins at the top", () => {
  it("are split there and nowhere else", () => {
    const parts = conditions("a = 1 AND duration BETWEEN 1s AND 2s AND (b = 2 OR c = 3) AND NOT EXISTS (d = 4 AND e = 5)");
    expect(parts?.map((part) => part.text)).toEqual(["a = 1", "duration BETWEEN 1s AND 2s", "(b = 2 OR c = 3)", "NOT EXISTS (d = 4 AND e = 5)"]);
  });
  it("are none where OR stands at the top", () => expect(conditions("a = 1 OR b = 2")).toBeNull());
});

describe("edits", () => {
  it("put an OR in brackets before they add to it", () => expect(withCondition("a = 1 OR b = 2", "c = 3")).toBe("(a = 1 OR b = 2) AND c = 3"));
  it("do not repeat a condition", () => expect(withCondition("a = 1", "a = 1")).toBe("a = 1"));
  it("make one value =, several IN, none nothing", () => {
    const one = toggledValue("is_error", "model", "it's");
    expect(one).toBe("is_error AND model = 'it''s'");
    const two = toggledValue(one, "model", "b");
    expect(two).toBe("is_error AND model IN ('it''s', 'b')");
    expect([...chosenValues(two, "model")]).toEqual(["it's", "b"]);
    expect(toggledValue(toggledValue(two, "model", "b"), "model", "it's")).toBe("is_error");
  });
  it("leave a facet's own condition out", () => expect(withoutField("model = 'a' AND is_error", "model")).toBe("is_error"));
  it.each([["a = 1", "a != 1"], ["a != 'x'", "a = 'x'"], ["is_error", "NOT is_error"], ["NOT is_error", "is_error"], ["a IN ('b')", "NOT a IN ('b')"]])("turn %s around to %s", (from, to) => expect(negated(from)).toBe(to));
  it("quote keys that are no words", () => {
    expect(keyed("attributes", "gen_ai.request.model")).toBe("attributes.gen_ai.request.model");
    expect(keyed("attributes", 'a "b"')).toBe('attributes."a ""b"""');
  });
});

describe("what may stand at the caret", () => {
  it.each([
    ["", "field", ""], ["mod", "field", ""], ["model ", "operator", "model"], ["model = ", "value", "model"], ["model = 'gp", "value", "model"],
    ["model = 'a' ", "joint", ""], ["model = 'a' AND ", "field", ""], ["model IN (", "value", "model"], ["model IN ('a', ", "value", "model"],
    ["duration BETWEEN 1s AND ", "value", "duration"], ["NOT ", "field", ""], ["(", "field", ""],
  ])("after %j it is a %s", (text, of, field) => expect(completionPlace(text, text.length)).toMatchObject({ of, field }));
});
