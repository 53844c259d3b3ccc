// ROC and DET curves of one benchmark, all networks in one plot.

// Points with what the plots read: {far, tar, low, high}; only where FARs are such as the pairs can tell.
function rocPoints(entry, benchmark) {
  const result = resultOf(entry.model, benchmark);
  const least = isNumber(benchmark.impostor_pairs) && benchmark.impostor_pairs > 0 ? 1 / benchmark.impostor_pairs : 0;
  return listOf(result?.roc)
    .filter((point) => Array.isArray(point) && isNumber(point[0]) && isNumber(point[1]))
    .filter((point) => point[0] > 0 && point[0] >= least * (1 - 1e-9))
    .map(([far, tar, low, high]) => ({
      entry,
      far,
      tar,
      low: isNumber(low) ? Math.min(low, tar) : tar,
      high: isNumber(high) ? Math.max(high, tar) : tar,
    }));
}

function curvesOf(benchmark) {
  return models
    .map((entry) => ({ entry, points: rocPoints(entry, benchmark) }))
    .filter((curve) => curve.points.length > 1);
}

function nothingToDraw(reason = "it was not measured, or there are too few pairs") {
  const note = document.createElement("p");
  note.className = "panel-title";
  note.textContent = `No curve: ${reason}.`;
  return [note];
}

function curveTip(points, y, lines) {
  return tipOver(points, {
    x: "far",
    y,
    title: (point) => [shortened(point.entry.name, 30), ...lines(point)].join("\n"),
  });
}

const farAxis = (least, width) => ({
  type: "log",
  domain: [least, 1],
  ticks: decades(least, 1, width / 55),
  tickFormat: powerText,
  label: "FAR (impostor pairs accepted)",
  labelAnchor: "center",
  ...axisLook,
});

drawers.roc = (width, about, label) => {
  const benchmark = page.benchmarks[about];
  const curves = curvesOf(benchmark);
  if (curves.length === 0) return nothingToDraw();
  const points = curves.flatMap((curve) => curve.points);
  const least = Math.min(0.1, d3.min(points, (point) => point.far));
  const bottom = d3.min(points, (point) => point.low);
  const step = 1 - bottom < 0.02 ? 0.005 : 1 - bottom < 0.08 ? 0.01 : 1 - bottom < 0.3 ? 0.05 : 0.1;
  const floor = Math.max(0, Math.floor(bottom / step - 1e-9) * step);
  return [
    plotted(label, {
      width,
      height: Math.round(Math.max(270, Math.min(372, width * 0.75))),
      marginLeft: 52,
      marginRight: 14,
      marginTop: 32,
      marginBottom: 40,
      x: farAxis(least, width),
      y: { domain: [floor, 1], tickFormat: percentTick, ticks: 6, label: "TAR (genuine pairs accepted)", ...axisLook },
      marks: [
        Plot.gridX({ ...gridLook, ticks: decades(least, 1, width / 55) }),
        Plot.gridY({ ...gridLook, ticks: 6 }),
        ...curves.map(({ entry, points: own }) =>
          Plot.areaY(own, { x: "far", y1: "low", y2: "high", fill: entry.colour, fillOpacity: 0.13, clip: true })
        ),
        ...curves.map(({ entry, points: own }) =>
          Plot.line(own, { x: "far", y: "tar", stroke: entry.colour, strokeWidth: 2, strokeDasharray: entry.dash, strokeLinecap: "butt", clip: true })
        ),
        curveTip(points, "tar", (point) => [
          `FAR ${point.far.toExponential(1)}`,
          `TAR ${percent(point.tar)} % (${percent(point.low)} \u2013 ${percent(point.high)})`,
        ]),
      ],
    }),
  ];
};

// FNMR below half a pair cannot be told from 0 and has no place on a logarithmic axis.
function detPoints(points, floor) {
  return points
    .map((point) => ({ ...point, fnmr: 1 - point.tar, missedLow: Math.max(floor, 1 - point.high), missedHigh: 1 - point.low }))
    .filter((point) => point.fnmr >= floor);
}

drawers.det = (width, about, label) => {
  const benchmark = page.benchmarks[about];
  const pairs = isNumber(benchmark.genuine_pairs) && benchmark.genuine_pairs > 0 ? benchmark.genuine_pairs : 1e6;
  const floor = 0.5 / pairs;
  const curves = curvesOf(benchmark)
    .map(({ entry, points }) => ({ entry, points: detPoints(points, floor) }))
    .filter((curve) => curve.points.length > 1);
  if (curves.length === 0) {
    return curvesOf(benchmark).length > 0 ? nothingToDraw("at most one FAR has a genuine pair rejected") : nothingToDraw();
  }
  const points = curves.flatMap((curve) => curve.points);
  const least = Math.min(0.1, d3.min(points, (point) => point.far));
  const lowest = Math.max(floor, d3.min(points, (point) => point.fnmr) * 0.8);
  const highest = Math.min(1, Math.max(d3.max(points, (point) => point.missedHigh) * 1.15, lowest * 12));
  const bottom = Math.min(lowest, 10 ** Math.floor(Math.log10(highest) - 1e-9));
  const equal = [Math.max(least, bottom), Math.min(1, highest)];
  // Small ranges get ticks between the powers of ten, too.
  const few = Math.log10(highest / bottom) < 1.6;
  const ticks = few
    ? d3.range(-8, 1).flatMap((e) => [1, 2, 5].map((m) => m * 10 ** e)).filter((t) => t >= bottom && t <= highest)
    : decades(bottom, highest, 6);
  return [
    plotted(label, {
      width,
      height: Math.round(Math.max(270, Math.min(372, width * 0.75))),
      marginLeft: 56,
      marginRight: 14,
      marginTop: 32,
      marginBottom: 40,
      x: farAxis(least, width),
      y: { type: "log", domain: [bottom, highest], ticks, tickFormat: percentTick, label: "FNMR (genuine pairs rejected)", ...axisLook },
      marks: [
        Plot.gridX({ ...gridLook, ticks: decades(least, 1, width / 55) }),
        Plot.gridY({ ...gridLook, ticks }),
        ...curves.map(({ entry, points: own }) =>
          Plot.areaY(own, { x: "far", y1: "missedLow", y2: "missedHigh", fill: entry.colour, fillOpacity: 0.13, clip: true })
        ),
        equal[0] < equal[1]
          ? Plot.line(equal, { x: (d) => d, y: (d) => d, stroke: "var(--axis)", strokeDasharray: "1 4", clip: true })
          : null,
        ...curves.map(({ entry, points: own }) =>
          Plot.line(own, { x: "far", y: "fnmr", stroke: entry.colour, strokeWidth: 2, strokeDasharray: entry.dash, strokeLinecap: "butt", clip: true })
        ),
        curveTip(points, "fnmr", (point) => [
          `FAR ${point.far.toExponential(1)}`,
          `FNMR ${percent(point.fnmr)} % (${percent(point.missedLow)} \u2013 ${percent(point.missedHigh)})`,
        ]),
      ],
    }),
  ];
};
