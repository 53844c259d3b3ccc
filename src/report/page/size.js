// Accuracy against the size of the file, for one benchmark at a time.

let chosenBenchmark = 0;

const ruler = document.createElement("canvas").getContext("2d");

function textWidth(text) {
  ruler.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width + 4;
}

// Where a label of this width goes beside its dot so that it covers no dot, no interval and no label placed before:
// {dx, dy, anchor}. What has no free place goes to the right.
function placeLabel(dot, width, taken, frame) {
  const places = [
    { dx: 11, dy: 0, anchor: "start" },
    { dx: -11, dy: 0, anchor: "end" },
    ...[15, 30, 45].flatMap((away) =>
      [-away, away].flatMap((dy) => [
        { dx: 0, dy, anchor: "middle" },
        { dx: 6, dy, anchor: "start" },
        { dx: -6, dy, anchor: "end" },
      ])
    ),
  ];
  const boxAt = (place) => {
    const left = dot.x + place.dx - (place.anchor === "end" ? width : place.anchor === "middle" ? width / 2 : 0);
    return { left, right: left + width, top: dot.y + place.dy - 8, bottom: dot.y + place.dy + 8 };
  };
  const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const inside = (box) => box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
  const free = places.find((place) => inside(boxAt(place)) && !taken.some((box) => overlaps(boxAt(place), box)));
  const place = free ?? places.find((candidate) => inside(boxAt(candidate))) ?? places[0];
  taken.push(boxAt(place));
  return place;
}

function sizePoints(headline) {
  return models
    .map((entry) => ({ entry, bytes: entry.model.file_bytes, ...(headline.values[entry.index] ?? {}) }))
    .filter((point) => isNumber(point.bytes) && point.bytes > 0 && isNumber(point.value));
}

function sizeTicks(low, high) {
  const ticks = d3.range(-3, 5).flatMap((exponent) => [1, 2, 5].map((factor) => factor * 10 ** exponent));
  return ticks.map((tick) => Number(tick.toPrecision(1))).filter((tick) => tick >= low && tick <= high);
}

function sizePlot(points, headline, width, label) {
  const megabytes = points.map((point) => point.bytes / 1e6);
  const x = [d3.min(megabytes) / 1.5, d3.max(megabytes) * 1.5];
  const low = d3.min(points, (point) => point.low ?? point.value);
  const high = d3.max(points, (point) => point.high ?? point.value);
  const room = Math.max(0.002, (high - low) * 0.12);
  const options = {
    width,
    height: Math.max(300, Math.min(420, Math.round(width * 0.55))),
    marginLeft: 58,
    marginRight: 16,
    marginTop: 34,
    marginBottom: 42,
    x: { type: "log", domain: x, ticks: sizeTicks(...x), tickFormat: (tick) => `${tick}`, label: "file size, MB", labelAnchor: "center", ...axisLook },
    y: { domain: [Math.max(0, low - room), Math.min(1, high + room)], ticks: 6, tickFormat: percentTick, label: headline.label, ...axisLook },
  };
  const base = [
    Plot.gridX({ ...gridLook, ticks: sizeTicks(...x) }),
    Plot.gridY({ ...gridLook, ticks: 6 }),
    ...points.map((point) =>
      isNumber(point.low) && isNumber(point.high)
        ? Plot.ruleX([point], { x: (d) => d.bytes / 1e6, y1: "low", y2: "high", stroke: point.entry.colour, strokeWidth: 1.5, strokeOpacity: 0.75 })
        : null
    ),
    ...points.map((point) =>
      Plot.dot([point], { x: (d) => d.bytes / 1e6, y: "value", r: 6, fill: point.entry.colour, stroke: "var(--surface)", symbol: point.entry.symbol })
    ),
  ];
  const scales = plotted(label, { ...options, marks: base });
  const at = (point) => ({ x: scales.scale("x").apply(point.bytes / 1e6), y: scales.scale("y").apply(point.value) });
  const apply = (share) => scales.scale("y").apply(share);
  const taken = points.flatMap((point) => {
    const dot = at(point);
    const boxes = [{ left: dot.x - 7, right: dot.x + 7, top: dot.y - 7, bottom: dot.y + 7 }];
    if (isNumber(point.low)) boxes.push({ left: dot.x - 2, right: dot.x + 2, top: apply(point.high), bottom: apply(point.low) });
    return boxes;
  });
  const frame = { left: options.marginLeft, right: width - 4, top: 16, bottom: options.height - options.marginBottom };
  const texts = points.map((point) => {
    const text = shortened(point.entry.name, width < 500 ? 16 : 30);
    const place = placeLabel(at(point), textWidth(text), taken, frame);
    return Plot.text([point], {
      x: (d) => d.bytes / 1e6,
      y: "value",
      text: () => text,
      dx: place.dx,
      dy: place.dy,
      textAnchor: place.anchor,
      fill: "var(--text)",
      stroke: "var(--surface)",
      strokeWidth: 4,
    });
  });
  const tip = tipOver(points, {
    x: (d) => d.bytes / 1e6,
    y: "value",
    title: (d) =>
      [
        shortened(d.entry.name, 30),
        `${(d.bytes / 1e6).toPrecision(3)} MB`,
        `${headline.label} ${percent(d.value)} %`,
        ...(isNumber(d.low) ? [`${percent(d.low)} \u2013 ${percent(d.high)}`] : []),
      ].join("\n"),
  });
  return plotted(label, { ...options, marks: [...base, ...texts, tip] });
}

function benchmarkChooser(redraw) {
  const chooser = element("label", "chooser", "Benchmark");
  const select = element("select");
  page.benchmarks.forEach((benchmark, index) => {
    const option = element("option", "", `${shortened(benchmark.name, 40)}: ${view.headlines[index].label}`);
    option.value = String(index);
    select.append(option);
  });
  select.value = String(chosenBenchmark);
  select.addEventListener("change", () => {
    chosenBenchmark = Number(select.value);
    redraw();
  });
  chooser.append(select);
  return chooser;
}

drawers.size = (width, about, label) => {
  const canvas = document.querySelector('.plot[data-plot="size"]');
  const place = element("div");
  const redraw = () => {
    const headline = view.headlines[chosenBenchmark];
    const points = sizePoints(headline);
    const title = `${label}, ${page.benchmarks[chosenBenchmark].name}`;
    place.replaceChildren(...(points.length > 0 ? [sizePlot(points, headline, inner(canvas), title)] : nothingToDraw()));
  };
  redraw();
  return [benchmarkChooser(redraw), place];
};
