// Looks at a page in headless Chromium, over the DevTools protocol on pipes: in wide and narrow windows, light and dark.
//   node look_at_page.mjs PAGE.html [FOLDER]    FOLDER: gets screenshots, NAME_0.png and on from the top
// Prints a JSON list, one entry a window: what went wrong in the console, what was asked of the network, how many plots
// there are and what they lack, whether the page is wider than the window. Exit code 77 where there is no Chromium.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [page, folder] = process.argv.slice(2);
const program = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0
);
if (!program) process.exit(77);

const profile = mkdtempSync(join(tmpdir(), "quantface_page_"));
const browser = spawn(
  program,
  ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
   `--user-data-dir=${profile}`, "--remote-debugging-pipe", "about:blank"],
  // A group of its own, so that all its processes can be ended.
  { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true }
);
async function end(code) {
  const gone = new Promise((done) => browser.once("exit", done));
  process.kill(-browser.pid, "SIGKILL");
  await gone;
  rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  process.exit(code);
}
const limitSeconds = folder ? 400 : 120;  // pictures of long pages take their time
setTimeout(() => {
  console.error(`the browser took more than ${limitSeconds} s`);
  end(1);
}, limitSeconds * 1000);

let lastId = 0;
const waiting = new Map();
const listeners = [];
let received = "";
browser.stdio[4].setEncoding("utf8");
browser.stdio[4].on("data", (text) => {
  received += text;
  const messages = received.split("\0");
  received = messages.pop();
  for (const message of messages.map((one) => JSON.parse(one))) {
    if (message.id) waiting.get(message.id)(message);
    else for (const listener of listeners) listener(message);
  }
});
function send(method, params = {}, sessionId) {
  const id = ++lastId;
  browser.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
  return new Promise((done, failed) =>
    waiting.set(id, ({ error, result }) => (error ? failed(new Error(`${method}: ${error.message}`)) : done(result)))
  );
}

// Within the page: what can be wrong with how it looks.
function inspect() {
  const boxOf = (node) => node.getBoundingClientRect();
  const svgs = [...document.querySelectorAll(".plot svg:not(.sample)")];
  const faults = [];
  for (const svg of svgs) {
    const label = svg.getAttribute("aria-label");
    if (!label) faults.push("a plot without a label");
    if (/NaN|null|undefined|Infinity/.test(svg.outerHTML)) faults.push(`${label}: not a number`);
    if (!svg.querySelector("path, rect, circle")) faults.push(`${label}: nothing drawn`);
    const frame = boxOf(svg);
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent !== "" && boxOf(text).width > 0);
    for (const text of texts) {
      const box = boxOf(text);
      if (box.left < frame.left - 3 || box.right > frame.right + 3) faults.push(`${label}: "${text.textContent}" is cut off`);
    }
    for (let i = 0; i < texts.length; ++i) {
      for (let k = 0; k < i; ++k) {
        const a = boxOf(texts[i]);
        const b = boxOf(texts[k]);
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 1 && high > 4) faults.push(`${label}: "${texts[i].textContent}" over "${texts[k].textContent}"`);
      }
    }
  }
  const broken = [...document.images].filter((image) => image.complete && image.naturalWidth === 0).length;
  return {
    plots: svgs.length,
    faults,
    broken_pictures: broken,
    too_wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    background: getComputedStyle(document.body).backgroundColor,
    hostile: document.querySelectorAll("#hostile").length,
    document: typeof wholeDocument === "function" ? wholeDocument() : "",
  };
}

async function look({ name, width, height, scheme }) {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const call = (method, params) => send(method, params, sessionId);
  const errors = [];
  const requests = [];
  const loaded = new Promise((done) => {
    listeners.push((message) => {
      if (message.sessionId !== sessionId) return;
      const { method, params } = message;
      if (method === "Runtime.exceptionThrown") errors.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
      if (method === "Runtime.consoleAPICalled" && params.type !== "log") errors.push(params.args.map((arg) => arg.value ?? arg.description).join(" "));
      if (method === "Log.entryAdded" && params.entry.level !== "verbose") errors.push(params.entry.text);
      if (method === "Network.requestWillBeSent" && !/^(data|blob|file):/.test(params.request.url)) requests.push(params.request.url);
      if (method === "Page.loadEventFired") done();
    });
  });
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await call(`${domain}.enable`);
  await call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  await call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  await call("Page.navigate", { url: pathToFileURL(resolve(page)).href });
  await loaded;
  // Folded parts are looked at, too; then what watches the plots' widths has its turn.
  const { result } = await call("Runtime.evaluate", {
    expression: `(async () => {
      for (const details of document.querySelectorAll("details")) details.open = true;
      for (const image of document.images) image.loading = "eager";
      await Promise.all([...document.images].map((image) => image.decode().catch(() => null)));
      await new Promise((done) => setTimeout(done, 300));
      return JSON.stringify((${inspect})());
    })()`,
    awaitPromise: true,
    returnByValue: true,
  });
  if (folder) {
    const { cssContentSize: size } = await call("Page.getLayoutMetrics");
    const slice = 1400;
    for (let top = 0, part = 0; top < size.height; top += slice, ++part) {
      const clip = { x: 0, y: top, width, height: Math.min(slice, size.height - top), scale: 1 };
      const { data } = await call("Page.captureScreenshot", { captureBeyondViewport: true, format: "png", clip });
      writeFileSync(join(folder, `${name}_${part}.png`), Buffer.from(data, "base64"));
    }
  }
  await send("Target.closeTarget", { targetId });
  return { name, errors, requests, ...JSON.parse(result.value) };
}

const windows = [
  { name: "desktop_light", width: 1280, height: 900, scheme: "light" },
  { name: "desktop_dark", width: 1280, height: 900, scheme: "dark" },
  { name: "phone_light", width: 360, height: 800, scheme: "light" },
  { name: "phone_dark", width: 360, height: 800, scheme: "dark" },
];
try {
  const looks = [];
  for (const one of windows) looks.push(await look(one));
  // Written whole before the process ends, pipe or file.
  writeFileSync(1, JSON.stringify(looks) + "\n");
  await end(0);
} catch (error) {
  console.error(error);
  await end(1);
}
