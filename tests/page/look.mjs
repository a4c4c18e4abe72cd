// What a browser makes of a page, as JSON on standard output. Judging is left to tests/page.rs.
//
//   node look.mjs CHROMIUM FILE

import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

// Nothing here takes so long; a browser that hangs must not hang the tests.
const limit = setTimeout(() => {
  console.error("page: the browser did not end");
  process.exit(3);
}, 240_000);
const [executablePath, file] = process.argv.slice(2);
const address = pathToFileURL(file).href;
// The page as it is without a script: axe itself is one, and needs a browser that runs them.
const folder = mkdtempSync(join(tmpdir(), "stanchion-page-"));
const bare = join(folder, "bare.html");
writeFileSync(bare, readFileSync(file, "utf8").replace(/<script>[^]*?<\/script>/, ""));
const bareAddress = pathToFileURL(bare).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath,
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

// What must never be: requests, dialogs, and anything that the console complains about.
const requests = [];
const complaints = [];

async function open({ width, scheme = "light", script = true, from = address }) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    javaScriptEnabled: script,
  });
  const page = await context.newPage();
  const name = `${width} ${scheme} ${script ? "with" : "without"} script`;
  page.on("request", (request) => {
    if (![address, bareAddress].includes(request.url()) && !request.url().startsWith("data:")) requests.push(request.url());
  });
  page.on("console", (message) => complaints.push(`${name}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`${name}: a dialog says ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(from);
  return { page, name };
}

const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
const openAll = (page) =>
  page.evaluate(() => {
    for (const it of document.querySelectorAll("details")) it.open = true;
  });
// Rows of findings that can be seen.
const visible = (page) =>
  page.evaluate(
    () =>
      [...document.querySelectorAll("details.group tbody tr:not(.cause)")].filter(
        (row) => row.getBoundingClientRect().height > 0 && row.checkVisibility({ visibilityProperty: true }),
      ).length,
  );

async function look(view) {
  const { page, name } = await open(view);
  const seen = { view: name, closedOverflow: await overflow(page) };
  seen.filter = await page.locator("#filter").isVisible();
  await openAll(page);
  seen.openOverflow = await overflow(page);
  seen.rows = await visible(page);
  // Axe looks at every element that is shown: of very many that are alike, at none.
  if (seen.rows > 1000) {
    await page.evaluate(() => {
      for (const it of document.querySelectorAll("details")) it.open = false;
    });
  }
  let audited = page;
  if (!view.script) {
    ({ page: audited } = await open({ ...view, script: true, from: bareAddress }));
    await openAll(audited);
  }
  await audited.evaluate(axe);
  const found = await audited.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  seen.checks = found.passes.length;
  seen.violations = found.violations.map(({ id, impact, nodes }) => ({
    id,
    impact,
    nodes: nodes.length,
    example: nodes[0].html.slice(0, 200),
    because: nodes[0].failureSummary,
  }));
  await audited.context().close();
  if (audited !== page) await page.context().close();
  return seen;
}

// Every number that the page names, as the text that people read.
function numbers() {
  const said = (root) =>
    Object.fromEntries(
      [...root.querySelectorAll("[data-n]")].map((it) => [
        it.dataset.n,
        it.textContent.replaceAll("\u00a0", " ").replace(/\s+/g, " ").trim(),
      ]),
    );
  const rows = (name) =>
    Object.fromEntries([...document.querySelectorAll(`[data-${name}]`)].map((row) => [row.getAttribute(`data-${name}`), said(row)]));
  return {
    all: said(document.querySelector("body")),
    tiers: rows("tier-row"),
    controls: rows("control"),
    frameworks: rows("framework"),
    measures: rows("measure"),
    targets: Object.fromEntries(
      [...document.querySelectorAll("[data-target]")].map((it) => [it.dataset.target, it.textContent.replace(/^\W+/, "")]),
    ),
    exceptions: [...document.querySelectorAll("[data-exception]")].map((it) => it.dataset.exception),
  };
}

// Everything by keyboard alone: past the head, through the filter, into a group.
async function keyboard() {
  const { page } = await open({ width: 1440 });
  const active = () => page.evaluate(() => document.activeElement.id || document.activeElement.className);
  const tabTo = async (is) => {
    for (let pressed = 0; pressed < 300 && !(await page.evaluate(is)); pressed += 1) await page.keyboard.press("Tab");
  };
  const seen = {};
  await page.keyboard.press("Tab");
  seen.first = await active();
  seen.outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  await page.keyboard.press("Enter");
  seen.afterSkip = await active();
  await tabTo(() => document.activeElement.id === "filter-text");
  seen.reached = await active();
  const status = () => page.locator("#shown").textContent();
  // The filter says what it shows each time that it has run, be it the same as before.
  await page.evaluate(() => {
    window.filtered = 0;
    new MutationObserver(() => (window.filtered += 1)).observe(document.getElementById("shown"), { childList: true });
  });
  const after = async (act) => {
    const before = await page.evaluate(() => window.filtered);
    await act();
    await page.waitForFunction((was) => window.filtered > was, before, { timeout: 60_000 });
    return { status: await status(), rows: await page.locator("details.group tbody tr:not(.cause):not([hidden])").count() };
  };
  seen.start = await status();
  const word = await page.evaluate(() => document.querySelector("details.group tbody tr:not(.cause) strong")?.textContent ?? "");
  seen.word = word;
  if (word) {
    seen.typed = await after(() => page.keyboard.insertText("surely-nowhere-to-be-found"));
    await page.keyboard.press("Control+A");
    seen.text = await after(() => page.keyboard.insertText(word));
    await page.keyboard.press("Control+A");
    seen.cleared = await after(() => page.keyboard.press("Delete"));
    await page.keyboard.press("Tab");
    seen.second = await active();
    seen.severity = await after(() => page.keyboard.press("ArrowDown"));
    seen.chosen = await page.locator("#filter-severity").inputValue();
    await tabTo(() => document.activeElement.type === "reset");
    seen.reset = await after(() => page.keyboard.press("Enter"));
    await tabTo(() => document.activeElement.tagName === "SUMMARY");
    await page.keyboard.press("Enter");
    seen.opened = await page.evaluate(() => document.activeElement.parentElement.open);
    const times = await page.evaluate(async () => {
      const field = document.getElementById("filter-text");
      const begun = performance.now();
      field.value = "a";
      field.form.requestSubmit();
      return performance.now() - begun;
    });
    seen.milliseconds = times;
  }
  await page.context().close();
  return seen;
}

async function printed() {
  const { page } = await open({ width: 1440, script: false });
  await page.emulateMedia({ media: "print" });
  const seen = { rows: await visible(page), formShown: await page.locator("#filter").isVisible() };
  await page.context().close();
  const { page: other } = await open({ width: 1440 });
  const closed = () => other.locator("details:not([open])").count();
  seen.closedBefore = await closed();
  await other.evaluate(() => dispatchEvent(new Event("beforeprint")));
  seen.closedWhile = await closed();
  await other.evaluate(() => dispatchEvent(new Event("afterprint")));
  seen.closedAfter = await closed();
  await other.context().close();
  return seen;
}

function document_() {
  const of = (selector) => document.querySelectorAll(selector).length;
  return {
    scripts: of("script"),
    styles: of("style"),
    foreign: of("img, iframe, object, embed, base, link:not([rel=icon]), audio, video"),
    handlers: [...document.querySelectorAll("*")].flatMap((it) => it.getAttributeNames()).filter((it) => it.startsWith("on")),
    links: [...document.querySelectorAll("a")].map((it) => ({ href: it.getAttribute("href"), rel: it.rel })),
    nameless: [...document.querySelectorAll("svg[role=img]")].filter((it) => !it.getAttribute("aria-label")).length,
    bars: of("svg[role=img]"),
    rows: of("details.group tbody tr:not(.cause)"),
    text: document.body.textContent,
    source: document.documentElement.outerHTML,
  };
}

const quick = process.argv[4] === "quick";
const views = [];
for (const script of quick ? [true] : [true, false]) {
  for (const scheme of quick ? ["light"] : ["light", "dark"]) {
    for (const width of [320, 1440]) views.push(await look({ width, scheme, script }));
  }
}
const { page } = await open({ width: 1440 });
const seen = {
  views,
  numbers: await page.evaluate(numbers),
  document: await page.evaluate(document_),
  keyboard: await keyboard(),
  printed: await printed(),
  requests,
  complaints,
};
await browser.close();
rmSync(folder, { recursive: true });
clearTimeout(limit);
process.stdout.write(JSON.stringify(seen));
