"use strict";
// What all plots share: the data, the networks' lines, axes, and drawing again where the page changes its width.

const page = JSON.parse(document.getElementById("page-data").textContent);
const view = JSON.parse(document.getElementById("page-view").textContent);

// The same as .dash-N in charts.css.
const kDashes = [null, "7 3", "2 2", "8 2 2 2", "4 2"];
const kSymbols = ["circle", "square", "triangle", "diamond", "star", "cross", "wye", "asterisk"];

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const listOf = (value) => (Array.isArray(value) ? value : []);

// As the tables show it.
function printable(name) {
  return typeof name === "string" ? name.replace(/[\u0000-\u001f\u007f]/g, "\ufffd") : "";
}

function shortened(name, length) {
  const letters = Array.from(printable(name));
  if (letters.length <= length) return letters.join("");
  const tail = Math.floor((length - 1) / 2);
  return letters.slice(0, length - 1 - tail).join("") + "\u2026" + letters.slice(letters.length - tail).join("");
}

// The networks as plots need them, in the document's order.
const models = page.models.map((model, index) => ({
  model,
  index,
  name: printable(model.model) || "(no name)",
  colour: `var(--series-${view.models[index].colour})`,
  dash: kDashes[view.models[index].dash],
  symbol: kSymbols[view.models[index].colour % kSymbols.length],
}));

function resultOf(model, benchmark) {
  return listOf(model.benchmarks).find((result) => result && result.benchmark === benchmark.name) ?? null;
}

function percent(share, digits = 2) {
  return isNumber(share) ? (share * 100).toFixed(digits).replace("-", "\u2212") : "\u2013";
}

// Ticks of a percent axis: as few digits as tell them apart.
function percentTick(share) {
  return `${Number((share * 100).toPrecision(6))} %`;
}

function powerText(value) {
  const exponent = Math.round(Math.log10(value));
  if (exponent === 0) return "1";
  const digits = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
  const raised = Array.from(String(Math.abs(exponent)), (digit) => digits[Number(digit)]).join("");
  return `10${exponent < 0 ? "\u207b" : ""}${raised}`;
}

// Powers of ten within [low, high], thinned out where there are more than fit.
function decades(low, high, most) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / Math.max(2, most)));
  const ticks = [];
  for (let exponent = last; exponent >= first; exponent -= step) ticks.unshift(10 ** exponent);
  return ticks;
}

// One plot; `options` are Observable Plot's. Its colours are the page's variables, so that it follows the theme.
function plotted(label, options) {
  const svg = Plot.plot({
    ariaLabel: label,
    ...options,
    style: { background: "none", fontFamily: "inherit", fontSize: "12px", overflow: "visible", ...options.style },
  });
  svg.setAttribute("role", "img");
  return svg;
}

const axisLook = { tickSize: 4, tickPadding: 4, labelArrow: "none" };
const gridLook = { stroke: "var(--grid)", strokeOpacity: 1 };

function tipOver(points, options) {
  return Plot.tip(
    points,
    Plot.pointer({ fill: "var(--surface)", stroke: "var(--axis)", fontSize: 12, lineWidth: 30, ...options })
  );
}

// Drawers by kind (data-plot): (width, about, label) gives the nodes to show.
const drawers = {};

function draw(canvas) {
  const about = canvas.dataset.about;
  try {
    canvas.replaceChildren(...drawers[canvas.dataset.plot](inner(canvas), about, canvas.dataset.label));
  } catch (error) {
    console.error(`${canvas.dataset.plot} ${about}`, error);
    canvas.textContent = "This plot could not be drawn.";
  }
}

function inner(canvas) {
  const style = getComputedStyle(canvas);
  return Math.floor(canvas.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
}

function drawAll() {
  const widths = new WeakMap();
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const width = inner(target);
      if (width > 0 && widths.get(target) !== width) {
        widths.set(target, width);
        requestAnimationFrame(() => draw(target));
      }
    }
  });
  for (const canvas of document.querySelectorAll(".plot[data-plot]")) {
    widths.set(canvas, inner(canvas));
    draw(canvas);
    observer.observe(canvas);
  }
}
