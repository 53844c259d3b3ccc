// Puts what bench/peers/run has measured into one JSON and one Markdown file.
//
//   node report.mjs DIR <ABSENT
//
// DIR holds compare_*.json, onednn_*.json and callgrind_*.json; ABSENT names what was left out, one a line.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';

const folder = process.argv[2];
const absent = readFileSync(0, 'utf8').split('\n').filter((line) => line);

function measured(kind) {
    const files = readdirSync(folder).filter((file) => file.startsWith(`${kind}_`) && file.endsWith('.json'));
    return files.map((file) => ({
        name: basename(file, '.json').slice(kind.length + 1),
        results: JSON.parse(readFileSync(join(folder, file), 'utf8')),
    }));
}

function table(header, rows) {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    return [line(header), line(header.map(() => '---')), ...rows.map(line), ''].join('\n');
}

function compareText({ name, results }) {
    const rows = results.measurements.flatMap(({ threads, batch, engines }) =>
        engines.map((row) => [
            threads,
            batch,
            row.label,
            row.milliseconds.toFixed(2),
            row.images_per_second.toFixed(1),
            `${row.ratio.toFixed(2)} (${row.ratio_least.toFixed(2)}-${row.ratio_most.toFixed(2)})`,
        ]),
    );
    const header = ['threads', 'batch', 'engine', 'ms', 'images/s', 'time, that of the first = 1'];
    const busy = `Other programs took ${results.cores_taken_by_others.toFixed(2)} cores meanwhile.\n`;
    return `### ${name}\n\n${table(header, rows)}\n${busy}`;
}

function percent(share) {
    return `${Math.round(100 * share)}%`;
}

function onednnText({ results }) {
    const peaks = results.peaks.map(({ isa, instruction, macs_per_second: peak }) =>
        [isa, instruction, (peak / 1e9).toFixed(1), (peak / results.clock_hertz).toFixed(1)]);
    const parts = [`### ${results.isa}, ours w${results.weight_bits}a${results.activation_bits}, clock ${(results.clock_hertz / 1e9).toFixed(2)} GHz\n`];
    parts.push(table(['peak of', 'instruction', 'GMAC/s', 'in a cycle'], peaks));
    const speeds = ['our GMAC/s', 'of peak', 'oneDNN GMAC/s', 'of peak'];
    const header = ['layer', 'times', 'our us', 'oneDNN us', ...speeds, 'ratio'];
    for (const network of results.networks) {
        const rows = network.layers.map((row) => [
            row.layer,
            row.times,
            row.our_microseconds.toFixed(1),
            row.onednn_microseconds.toFixed(1),
            (row.macs / row.our_microseconds / 1e3).toFixed(1),
            percent(row.our_share_of_peak),
            (row.macs / row.onednn_microseconds / 1e3).toFixed(1),
            percent(row.onednn_share_of_peak),
            row.ratio.toFixed(2),
        ]);
        parts.push(`${network.network}\n\n${table(header, rows)}`);
        parts.push(
            `All convolutions: ours ${network.our_milliseconds.toFixed(2)} ms, oneDNN ` +
                `${network.onednn_milliseconds.toFixed(2)} ms, ratio ${network.ratio.toFixed(2)}\n`,
        );
    }
    return parts.join('\n');
}

function callgrindText({ name, results }) {
    const first = results[0]?.instructions_per_image;
    const rows = results.map((row) => [
        row.label,
        (row.instructions_per_image / 1e6).toFixed(1),
        (row.instructions_per_image / first).toFixed(2),
    ]);
    return `### ${name}\n\n${table(['engine', 'million instructions an image', 'those of the first = 1'], rows)}`;
}

const compare = measured('compare');
const onednn = measured('onednn');
const callgrind = measured('callgrind');
const machine = { cpu: cpus()[0].model, cores: cpus().length, date: new Date().toISOString() };
writeFileSync(
    join(folder, 'results.json'),
    `${JSON.stringify({ machine, absent, compare, onednn, callgrind }, null, 2)}\n`,
);

const parts = [`# Against peers\n\n${machine.cpu}, ${machine.cores} cores, ${machine.date}\n`];
if (compare.length) {
    const { onnxruntime, rounds } = compare[0].results;
    parts.push(
        `## Against ONNX Runtime ${onnxruntime}\n\nMedians of ${rounds} rounds in which all took turns; beside the ` +
            'ratios the least and the most of the rounds.\n',
    );
    parts.push(...compare.map(compareText));
}
if (onednn.length) {
    parts.push(
        `## Convolutions against oneDNN ${onednn[0].results.onednn}, one thread\n\nRatio: oneDNN's time by ours. ` +
            'oneDNN leaves out products with padding and, without VNNI, uses an instruction that may saturate, so ' +
            'it may pass the peak.\n',
    );
    parts.push(...onednn.map(onednnText));
}
if (callgrind.length) parts.push('## Instructions, AVX2\n', ...callgrind.map(callgrindText));
if (absent.length) parts.push(`## Left out\n\n${absent.map((line) => `- ${line}`).join('\n')}\n`);
writeFileSync(join(folder, 'results.md'), parts.join('\n'));
