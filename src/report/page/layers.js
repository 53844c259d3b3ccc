// What each layer of a quantized network has and loses: panels one above the other, layers from left to right.

function layerTip(rows, y) {
  return Plot.tip(
    rows,
    Plot.pointerX({
      x: "index",
      y,
      fill: "var(--surface)",
      stroke: "var(--axis)",
      fontSize: 12,
      lineWidth: 30,
      title: (row) =>
        [
          shortened(row.name, 30),
          isNumber(row.weights) ? `weights ${row.weights} bits` : null,
          isNumber(row.outputs) ? `outputs ${row.outputs} bits` : null,
          isNumber(row.decibels) ? `signal to noise ${row.decibels.toFixed(1)} dB` : null,
          isNumber(row.cosine) ? `embedding cosine ${row.cosine.toFixed(4)}` : null,
        ]
          .filter((line) => line !== null)
          .join("\n"),
    })
  );
}

function panel(rows, width, label, options) {
  const { title, y, marks, last, height } = options;
  const box = element("div");
  box.append(
    element("p", "panel-title", title),
    plotted(`${label}: ${title}`, {
      width,
      height: height + (last ? 22 : 0),
      marginLeft: 56,
      marginRight: 10,
      marginTop: 8,
      marginBottom: last ? 36 : 14,
      x: {
        domain: [0.4, rows.length + 0.6],
        ticks: Math.max(2, Math.min(rows.length, Math.floor(width / 70))),
        tickFormat: last ? (tick) => (Number.isInteger(tick) && tick > 0 ? String(tick) : "") : () => "",
        label: last ? "layer, in the order in which they run" : null,
        labelAnchor: "center",
        ...axisLook,
      },
      y: { ticks: 4, label: null, ...axisLook, ...y },
      marks: [Plot.gridY({ ...gridLook, ticks: y.ticks ?? 4 }), ...marks],
    })
  );
  return box;
}

function bitsPanel(rows, entry) {
  const most = Math.max(8, d3.max(rows, (row) => Math.max(row.weights ?? 0, row.outputs ?? 0)));
  const ticks = most <= 8 ? [0, 2, 4, 6, 8] : [0, 8, 16, 24, 32].filter((tick) => tick <= most);
  const weighted = rows.filter((row) => isNumber(row.weights));
  const levelled = rows.filter((row) => isNumber(row.outputs));
  const span = { x1: (row) => row.index - 0.42, x2: (row) => row.index + 0.42 };
  return {
    title: "Bits: bars weights, lines outputs",
    height: 120,
    y: { domain: [0, most], ticks },
    marks: [
      Plot.rect(weighted, { ...span, y1: 0, y2: "weights", fill: entry.colour, fillOpacity: 0.35 }),
      Plot.ruleY(levelled, { ...span, y: "outputs", stroke: "var(--text)", strokeWidth: 2 }),
      Plot.ruleY([0], { stroke: "var(--axis)" }),
      layerTip(rows, (row) => row.weights ?? row.outputs ?? 0),
    ],
  };
}

function linePanel(rows, entry, key, title, domain) {
  const measured = rows.filter((row) => isNumber(row[key]));
  return {
    title,
    height: 120,
    y: { domain },
    marks: [
      Plot.line(rows, { x: "index", y: key, stroke: entry.colour, strokeWidth: 1.5, strokeOpacity: 0.6 }),
      Plot.dot(measured, { x: "index", y: key, r: rows.length > 60 ? 2 : 3, fill: entry.colour }),
      layerTip(measured, key),
    ],
  };
}

drawers.layers = (width, about, label) => {
  const entry = models[about];
  const rows = listOf(entry.model.layers).map((layer, index) => ({
    index: index + 1,
    name: typeof layer?.name === "string" ? layer.name : "",
    // 0: it has no weights; 32: its output is numbers, no levels.
    weights: layer?.weight_bits || null,
    outputs: layer?.output_bits === 32 ? null : layer?.output_bits || null,
    decibels: layer?.signal_to_noise_db ?? null,
    cosine: layer?.embedding_cosine ?? null,
  }));
  const panels = [bitsPanel(rows, entry)];
  if (rows.some((row) => isNumber(row.decibels))) {
    const [low, high] = d3.extent(rows.filter((row) => isNumber(row.decibels)), (row) => row.decibels);
    panels.push(linePanel(rows, entry, "decibels", "Signal to noise of the outputs, dB", [Math.min(0, low), Math.max(10, high * 1.05)]));
  }
  if (rows.some((row) => isNumber(row.cosine))) {
    const low = d3.min(rows.filter((row) => isNumber(row.cosine)), (row) => row.cosine);
    panels.push(linePanel(rows, entry, "cosine", "Cosine of the embedding when only this layer is quantized", [Math.max(-1, low - (1 - low) * 0.1), 1]));
  }
  return panels.map((options, index) => panel(rows, width, label, { ...options, last: index === panels.length - 1 }));
};
