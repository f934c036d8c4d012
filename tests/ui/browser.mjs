// The UI's checks in a real Chromium. One line of JSON for each check: {name, ok, error, ms}.
// Arguments: base URL, path of the browser, facts of the store as JSON. Fails nothing itself: pytest reads the lines.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const [base, executablePath, factsText] = process.argv.slice(2);
const facts = JSON.parse(factsText);
const require = createRequire(new URL("../../collector/ui/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const WAIT_MS = 30_000; // a machine that does much else

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

/** A page that notes everything that must not happen: violations, console errors, faults, foreign requests. */
async function open(path, { width = 1280, height = 800, theme = "light", from = base } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(base).origin });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.faults = [];
  page.on("console", (message) => message.type() === "error" && page.faults.push(`console: ${message.text()} ${message.location().url}`));
  page.on("pageerror", (error) => page.faults.push(`error: ${error.message}`));
  page.on("request", (request) => !request.url().startsWith(from) && !request.url().startsWith("blob:") && page.faults.push(`request to ${request.url()}`));
  page.on("dialog", (dialog) => { page.faults.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  await page.goto(from + path);
  return page;
}

async function close(page) {
  const violations = await page.evaluate(() => window.violations);
  await page.context().close();
  assert.deepEqual([...page.faults, ...violations], []);
}

const settled = (page) => page.waitForFunction(() => !document.querySelector(".bones") && document.querySelector("#root")?.childElementCount, null, { timeout: WAIT_MS });
const rows = (page) => page.locator('[role="grid"] .line');
const text = (page, wanted) => page.getByText(wanted).first().waitFor();
const P = `/p/${facts.project}`;
const T = (id) => `${P}/trace/${id}`;

const ROUTES = [
  `${P}/traces`, `${P}/traces?of=spans`, `${P}/traces?peek=${facts.trace}`, T(facts.trace), `${T(facts.trace)}?mode=chat`, `${T(facts.trace)}?mode=graph`, T(facts.broken),
  `${P}/sessions`, `${P}/sessions/${facts.session}`, `${P}/users`, `${P}/users/${facts.user}`, `${P}/dashboards/overview`, `${P}/dashboards/models`, `${P}/sql`, `${P}/queue`, `${P}/logs`, `${P}/metrics`,
  `${P}/settings`, "/setup", `${P}/compare/${facts.trace}/${facts.other}`, `/embed/trace/${facts.trace}`, `/t/${facts.trace}`,
];

const checks = {
  async "the list shows traces, their count and what each took"() {
    const page = await open("/");
    await rows(page).first().waitFor();
    assert.match(page.url(), new RegExp(`/p/${facts.project}/traces`));
    await page.getByRole("status").filter({ hasText: `${facts.count} traces` }).waitFor();
    assert.ok((await rows(page).count()) < 80, "rows outside of the view are not in the page");
    await close(page);
  },
  async "a filter is completed by keys, applied, shown as a chip and dropped again"() {
    const page = await open(`${P}/traces`);
    await rows(page).first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("span_ty");
    await page.getByRole("option", { name: /^span_type/ }).waitFor();
    await page.keyboard.press("Tab");
    await page.getByRole("option", { name: "=", exact: true }).waitFor();
    await page.keyboard.type("= ");
    await page.getByRole("option", { name: /^TOOL/ }).waitFor();
    await page.keyboard.type("'TOOL'");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=span_type/);
    await page.getByRole("button", { name: "Drop span_type = 'TOOL'" }).click();
    await page.waitForFunction(() => !location.search.includes("q="));
    await close(page);
  },
  async "a filter that cannot be read is marked at its character"() {
    const page = await open(`${P}/traces`);
    await rows(page).first().waitFor();
    page.faults.ignored = true;
    await page.locator("#filter").fill("model = 'a' AND AND");
    await page.getByRole("alert").first().waitFor();
    assert.equal(await page.locator(".t-wrong").first().innerText(), "AND");
    page.faults.splice(0); // the browser tells of the 400 that the judge answers with
    await close(page);
  },
  async "a facet adds its value and keeps the others to choose from"() {
    const page = await open(`${P}/traces`);
    const tool = page.locator(".facetvalue", { hasText: "TOOL" });
    await tool.click();
    await page.waitForURL(/span_type/);
    await page.locator(".facetvalue[aria-pressed=true]", { hasText: "TOOL" }).waitFor();
    await page.locator(".facetvalue", { hasText: "RETRIEVER" }).waitFor();
    await close(page);
  },
  async "dragging over a strip picks a range, and Back gives the old one again"() {
    const page = await open(`${P}/traces`);
    await page.locator(".strip svg rect").first().waitFor();
    const box = await page.locator(".strip svg").first().boundingBox();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/range=/);
    await page.goBack();
    await page.waitForFunction(() => !location.search.includes("range="));
    await page.goForward();
    await page.waitForURL(/range=/);
    await close(page);
  },
  async "an empty range offers the newest data"() {
    const page = await open(`${P}/traces?range=2020-01-01T00:00:00Z..2020-01-02T00:00:00Z`);
    await page.getByRole("button", { name: /The newest is of/ }).click();
    await rows(page).first().waitFor();
    await close(page);
  },
  async "a pasted id opens its trace"() {
    const page = await open(`${P}/traces`);
    await rows(page).first().waitFor();
    await page.locator("#filter").fill(`tr-${facts.trace.toUpperCase()}`);
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`/trace/${facts.trace}`));
    await page.getByRole("treegrid").waitFor();
    await close(page);
  },
  async "live tells of a new trace without moving the rows that one reads"() {
    const page = await open(`${P}/traces`);
    await rows(page).nth(8).waitFor();
    const followed = page.waitForResponse((response) => response.url().includes("live=true"));
    await page.getByRole("button", { name: "Live" }).click();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    const first = await rows(page).first().innerText();
    await followed;
    const now = Date.now();
    const body = { resourceSpans: [{ resource: {}, scopeSpans: [{ spans: [{ traceId: "11fe11fe11fe11fe11fe11fe11fe11fe", spanId: "11fe11fe11fe11fe", name: "arrived later", kind: 1, startTimeUnixNano: `${now - 100}000000`, endTimeUnixNano: `${now}000000` }] }] }] };
    const sent = await fetch(`${base}/v1/traces`, { method: "POST", headers: { "content-type": "application/json", "x-spanhouse-project": facts.project }, body: JSON.stringify(body) });
    assert.equal(sent.status, 200);
    await page.getByRole("status").filter({ hasText: "1 new trace" }).waitFor();
    assert.equal(await rows(page).first().innerText(), first);
    await page.getByText("1 new trace").click();
    await rows(page).filter({ hasText: "arrived later" }).waitFor();
    await close(page);
  },
  async "keys peek, open, and lead back to the list as it was"() {
    const page = await open(`${P}/traces?q=is_error`);
    await rows(page).first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press(" ");
    await page.waitForURL(/peek=/);
    await page.getByRole("treegrid").waitFor();
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !location.search.includes("peek="));
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/trace\//);
    await page.getByRole("treegrid").waitFor();
    await page.keyboard.press("Escape");
    await page.waitForURL(/traces\?q=is_error/);
    await close(page);
  },
  async "the failed tool of a trace is chosen, judged by keys and commented"() {
    const page = await open(T(facts.failed));
    await page.locator(".span.current", { hasText: "execute_tool" }).waitFor();
    await page.keyboard.press("d");
    await text(page, "user: false");
    await page.keyboard.press("m");
    await page.getByRole("textbox", { name: "Comment" }).waitFor();
    await page.keyboard.press("m");
    await page.getByRole("textbox", { name: "Comment" }).fill("the tool was down");
    await page.keyboard.press("Control+Enter");
    await page.locator(".doc").filter({ hasText: "the tool was down" }).waitFor();
    await page.getByRole("tab", { name: /^Events/ }).click();
    await page.locator(".exception", { hasText: "TimeoutError" }).first().waitFor();
    await close(page);
  },
  async "a call's chat joins the tool call with its result and its span"() {
    const page = await open(`${T(facts.trace)}?tab=chat`);
    await text(page, "only what is new since the previous call");
    await page.locator(".call", { hasText: "lookup_account" }).first().waitFor();
    await page.locator(".call", { hasText: "plan: standard" }).first().waitFor();
    await page.locator(".span", { hasText: "chat" }).first().click();
    await page.getByRole("button", { name: "its span" }).first().click();
    await page.locator(".span.current", { hasText: "execute_tool lookup_account" }).waitFor();
    await close(page);
  },
  async "the totals of a trace show what they count"() {
    const page = await open(T(facts.trace));
    await page.getByRole("button", { name: /counted on 2 of 5 spans/ }).click();
    assert.equal(await page.getByRole("dialog").locator("tbody tr").count(), 3);
    await page.keyboard.press("Escape");
    await close(page);
  },
  async "tree keys fold, find, filter and jump"() {
    const page = await open(T(facts.large));
    await page.locator(".tree .span").first().waitFor();
    await page.keyboard.press("Home");
    await page.keyboard.press("h");
    await page.waitForFunction(() => document.querySelectorAll(".tree .span").length === 1);
    await page.keyboard.press("l");
    await page.waitForFunction(() => document.querySelectorAll(".tree .span").length > 10);
    await page.keyboard.press("e");
    await page.locator(".span.current .is-error").waitFor();
    await page.locator("#find").fill("step 4243");
    await text(page, "1 found");
    await page.keyboard.press("Enter");
    await page.locator(".span.current", { hasText: "step 4243" }).waitFor();
    await page.locator("#find").fill("");
    await page.locator("#spans").focus();
    await page.keyboard.press("End");
    await page.locator(`.span.current[aria-rowindex="${facts.largeSpans + 1}"]`).waitFor();
    assert.ok((await page.locator(".tree .span").count()) < 100);
    await close(page);
  },
  async "missing parents, cut circles and running spans are marked"() {
    const page = await open(T(facts.broken));
    for (const mark of ["parent missing", "circle cut", "running", "not stored"]) await text(page, mark);
    await close(page);
  },
  async "a session reads as a conversation"() {
    const page = await open(`${P}/sessions/${facts.session}`);
    await page.locator(".turn .bubble.answer").first().waitFor();
    await page.locator(".turn a").first().click();
    await page.waitForURL(/\/trace\//);
    await close(page);
  },
  async "numbers of a dashboard lead to what they count"() {
    const page = await open(`${P}/dashboards/overview`);
    const figure = page.locator(".figures a", { hasText: "failed" });
    await figure.waitFor();
    await figure.click();
    await page.waitForURL(/traces\?q=trace\.state/);
    await rows(page).first().waitFor();
    assert.equal(await rows(page).locator(".state.OK").count(), 0);
    await close(page);
  },
  async "SQL runs, shows rows, draws a chart and keeps its text in the address"() {
    const page = await open(`${P}/sql`);
    await page.locator(".cm-content").click();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("SELECT toStartOfHour(start_time) AS hour, count() AS spans FROM spans GROUP BY hour ORDER BY hour");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Enter");
    await rows(page).first().waitFor();
    await page.getByRole("button", { name: "Chart" }).click();
    await page.locator(".uplot canvas").waitFor();
    assert.match(page.url(), /query=SELECT/);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click().then(() => page.getByRole("button", { name: "CSV" }).click())]);
    assert.equal(download.suggestedFilename(), "spanhouse.csv");
    assert.match(readFileSync(await download.path(), "utf8"), /"?hour"?,"?spans"?/);
    await close(page);
  },
  async "a statement that is refused says why"() {
    const page = await open(`${P}/sql?query=DROP TABLE spans`);
    await page.getByRole("alert").waitFor();
    page.faults.splice(0);
    await close(page);
  },
  async "the annotation queue goes on after the last answer"() {
    const page = await open(`${P}/queue?rubric=correct: yes/no&q=is_error`);
    await text(page, /^1 of/);
    await page.getByRole("treegrid").waitFor();
    await page.keyboard.press("1");
    await text(page, /^2 of/);
    await text(page, "1 done");
    await close(page);
  },
  async "log records and metrics of any application are there"() {
    const page = await open(`${P}/logs`);
    await rows(page).first().waitFor();
    await page.getByRole("combobox", { name: "Severity" }).selectOption("17");
    await page.waitForURL(/severity=17/);
    await page.waitForFunction(() => [...document.querySelectorAll('[role="grid"] .line')].length > 0 && [...document.querySelectorAll('[role="grid"] .line')].every((row) => row.textContent.includes("ERROR")));
    await page.goto(`${base}${P}/metrics?name=process.memory.usage`);
    await page.locator(".uplot canvas").waitFor();
    await close(page);
  },
  async "two traces are aligned, and their texts compared"() {
    const page = await open(`${P}/compare/${facts.failed}/${facts.trace}`);
    await text(page, "only B");
    await page.locator(".diff .add").first().waitFor();
    await close(page);
  },
  async "hostile content is shown as text, in every tab"() {
    const page = await open(T(facts.hostile));
    for (const name of ["bad0000000000001", "bad0000000000002", "bad0000000000003"]) {
      await page.goto(`${base}${T(facts.hostile)}?span=${name}`);
      await page.locator(".span.current").waitFor();
      await page.waitForFunction(() => document.querySelector(".panelbody") && !document.querySelector(".panelbody .bones"));
      for (const tab of await page.locator(".right [role=tab]").all()) {
        await tab.click();
        await page.waitForFunction(() => !document.querySelector(".panelbody .bones"));
      }
      assert.equal(await page.locator("#root img[src='x'], #root script, #root a[href^='javascript:'], #root a[href$='/etc']").count(), 0);
    }
    assert.ok((await page.evaluate(() => document.querySelector("#root").innerText.length)) < 400_000, "ten megabytes are cut");
    await page.goto(`${base}${P}/traces`);
    await rows(page).filter({ hasText: "<img src=x" }).first().waitFor();
    await close(page);
  },
  async "works behind a path prefix"() {
    const page = await open(`${P}/traces`, { from: facts.prefixed });
    await rows(page).first().waitFor();
    await rows(page).first().dblclick();
    await page.waitForURL(new RegExp(`${facts.prefixed}${P}/trace`));
    await page.getByRole("treegrid").waitFor();
    await close(page);
  },
  async "an unknown page and an unknown trace say so"() {
    const page = await open(`${P}/nonsense`);
    await text(page, "There is no such page");
    await page.goto(`${base}${T("f".repeat(32))}`);
    await text(page, "No such trace");
    page.faults.splice(0);
    await close(page);
  },
};

for (const route of ROUTES) {
  checks[`${shown(route)} has no violations and no serious findings of axe`] = async () => {
    const page = await open(route);
    await settled(page);
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
      await page.evaluate(axe);
      const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes.slice(0, 2).map(({ html }) => html.slice(0, 160)).join(" | ")}`));
      assert.deepEqual(found, [], theme);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} px wider than a phone`);
    await close(page);
  };
}

function shown(route) {
  return route.replaceAll(facts.trace, "ID").replaceAll(facts.other, "ID").replaceAll(facts.broken, "BROKEN");
}

const ROUTES_AT_ONCE = 3; // they only read, and mostly wait
const only = process.env.ONLY ? new RegExp(process.env.ONLY) : null;
const wanted = Object.entries(checks).filter(([name]) => !only || only.test(name));

async function run([name, check]) {
  const began = Date.now();
  let error = "";
  try {
    await check();
  } catch (failure) {
    error = String(failure.stack ?? failure).slice(0, 3000);
  }
  console.log(JSON.stringify({ name, ok: error === "", error, ms: Date.now() - began }));
}

for (const entry of wanted.filter(([name]) => !name.startsWith("/"))) await run(entry);
const routes = wanted.filter(([name]) => name.startsWith("/"));
await Promise.all(Array.from({ length: ROUTES_AT_ONCE }, async () => {
  for (let entry = routes.shift(); entry; entry = routes.shift()) await run(entry);
}));
await browser.close();
