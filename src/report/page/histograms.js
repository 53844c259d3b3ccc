// Distributions of genuine and impostor scores: one small plot a network, all on the same scores.

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

const kSvg = "http://www.w3.org/2000/svg";

// A network's name behind a sample of its line, as the tables have it.
function modelLabel(entry) {
  const label = element("span", "model");
  const sample = document.createElementNS(kSvg, "svg");
  sample.setAttribute("class", "sample");
  sample.setAttribute("viewBox", "0 0 28 8");
  sample.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(kSvg, "line");
  for (const [name, value] of Object.entries({ x1: 1, y1: 4, x2: 27, y2: 4 })) line.setAttribute(name, value);
  line.setAttribute("class", `series-${view.models[entry.index].colour} dash-${view.models[entry.index].dash}`);
  sample.append(line);
  const name = element("bdi", "name");
  // As in the tables, a long name is broken behind what separates its words.
  for (const part of entry.name.split(/(?<=[_/-])/)) name.append(part, document.createElement("wbr"));
  label.append(sample, name);
  return label;
}

function kindKey() {
  const key = element("ul", "legend inner");
  for (const [kind, dash] of [["genuine", null], ["impostor", "4 2"]]) {
    const item = element("li");
    const label = element("span", "model");
    const sample = document.createElementNS(kSvg, "svg");
    sample.setAttribute("class", "sample");
    sample.setAttribute("viewBox", "0 0 28 8");
    sample.setAttribute("aria-hidden", "true");
    const box = document.createElementNS(kSvg, "rect");
    for (const [name, value] of Object.entries({ x: 1, y: 1, width: 26, height: 6 })) box.setAttribute(name, value);
    box.setAttribute("style", `stroke: var(--${kind}); fill: var(--${kind}); fill-opacity: 0.25`);
    if (dash) box.setAttribute("stroke-dasharray", dash);
    sample.append(box);
    label.append(sample, document.createTextNode(`${kind} pairs`));
    item.append(label);
    key.append(item);
  }
  return key;
}

// [{score, share}], the ends of steps, each kind as a share of its own pairs.
function steps(histogram, kind) {
  const counts = listOf(histogram[kind]).map((count) => (isNumber(count) && count > 0 ? count : 0));
  const all = d3.sum(counts);
  if (!(all > 0)) return [];
  const first = counts.findIndex((count) => count > 0);
  const last = d3.maxIndex(counts, (count, index) => (count > 0 ? index : -1));
  const ends = [{ score: histogram.from + first * histogram.width, share: 0 }];
  for (let bin = first; bin <= last; ++bin) {
    const left = histogram.from + bin * histogram.width;
    const share = counts[bin] / all;
    ends.push({ score: left, share }, { score: left + histogram.width, share });
  }
  ends.push({ score: ends[ends.length - 1].score, share: 0 });
  return ends;
}

function oneHistogram(entry, kinds, threshold, width, domain) {
  const marks = [Plot.ruleY([0], { stroke: "var(--axis)" })];
  for (const [kind, dash] of [["impostor", "4 2"], ["genuine", null]]) {
    marks.push(
      Plot.areaY(kinds[kind], { x: "score", y1: 0, y2: "share", fill: `var(--${kind})`, fillOpacity: 0.22 }),
      Plot.line(kinds[kind], { x: "score", y: "share", stroke: `var(--${kind})`, strokeWidth: 1.5, strokeDasharray: dash, strokeLinecap: "butt" })
    );
  }
  if (isNumber(threshold) && threshold >= domain[0] && threshold <= domain[1]) {
    marks.push(Plot.ruleX([threshold], { stroke: "var(--text)", strokeWidth: 1.25, strokeDasharray: "1 2" }));
  }
  const block = element("div");
  block.append(
    modelLabel(entry),
    plotted(`Score distributions of ${entry.name}`, {
      width,
      height: 150,
      marginLeft: 14,
      marginRight: 14,
      marginTop: 8,
      marginBottom: 34,
      x: { domain, ticks: width / 60, label: "score", labelAnchor: "center", ...axisLook },
      y: { axis: null },
      marks,
    })
  );
  return block;
}

drawers.histograms = (width, about) => {
  const benchmark = page.benchmarks[about];
  const all = models
    .map((entry) => {
      const result = resultOf(entry.model, benchmark);
      const histogram = result?.histogram;
      if (!histogram || !isNumber(histogram.from) || !(histogram.width > 0)) return null;
      const kinds = { genuine: steps(histogram, "genuine"), impostor: steps(histogram, "impostor") };
      return { entry, kinds, threshold: result.accuracy?.threshold };
    })
    .filter((one) => one && (one.kinds.genuine.length > 0 || one.kinds.impostor.length > 0));
  if (all.length === 0) return nothingToDraw();
  const scores = all.flatMap((one) => [...one.kinds.genuine, ...one.kinds.impostor].map((end) => end.score));
  const domain = d3.extent(scores);
  const columns = Math.max(1, Math.min(all.length, 4, Math.floor((width + 20) / 240)));
  const grid = element("div", "multiples");
  grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  const each = Math.floor((width - (columns - 1) * 22.4) / columns);
  for (const one of all) grid.append(oneHistogram(one.entry, one.kinds, one.threshold, each, domain));
  return [kindKey(), grid];
};
