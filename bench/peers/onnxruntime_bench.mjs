// Times ONNX Runtime for a driver that gives one command a line on standard input and reads one answer a line on
// standard output, so that the driver can let engines take turns.
//
//   node onnxruntime_bench.mjs
//
//   version                                        ok VERSION
//   load NAME THREADS IMAGES HEIGHT WIDTH MODEL    ok BATCH     any, or one: the model takes images one by one only
//   time NAME SECONDS                              ok RUNS MEDIAN     seconds of one run of that many images
//   unload NAME                                    ok
//
// A command that fails is answered by "error" and the reason. The package onnxruntime-node is looked for in
// $QUANTFACE_ORT_NODE_MODULES, ./node_modules and ${XDG_CACHE_HOME:-~/.cache}/quantface/node_modules; exit code 77
// where it is absent.
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

function findRuntime() {
    const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
    const places = [process.env.QUANTFACE_ORT_NODE_MODULES, 'node_modules', join(cache, 'quantface', 'node_modules')];
    for (const place of places) {
        if (!place) continue;
        try {
            const require = createRequire(resolve(place) + '/');
            const { version } = require(resolve(place, 'onnxruntime-node', 'package.json'));
            return { ...require(resolve(place, 'onnxruntime-node')), version };
        } catch (error) {
            if (error.code !== 'MODULE_NOT_FOUND') throw error;
        }
    }
    console.error('the npm package onnxruntime-node is absent');
    process.exit(77);
}

const runtime = findRuntime();
const networks = new Map();

// Noise as pixels are: 0..255, whatever the network makes of them.
function noise(type, images, { height, width }) {
    const numbers = new (type === 'uint8' ? Uint8Array : Float32Array)(images * 3 * height * width);
    for (let i = 0; i < numbers.length; ++i) numbers[i] = (i * 2654435761) >>> 24;
    return new runtime.Tensor(type, numbers, [images, 3, height, width]);
}

function open(model, threads) {
    return runtime.InferenceSession.create(model, {
        logSeverityLevel: 3,
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        executionMode: 'sequential',
    });
}

function run(session, input) {
    return session.run({ [session.inputNames[0]]: input });
}

// Which inputs a model takes; this version of the runtime does not tell, so ask by trying. In a session of its own:
// memory laid out for other inputs may cost the session that is timed a third of its speed.
async function probe(model, size) {
    const session = await open(model, 1);
    const works = (type, images) => run(session, noise(type, images, size)).then(() => true, () => false);
    const type = (await works('uint8', 1)) ? 'uint8' : 'float32';
    await run(session, noise(type, 1, size));
    const anyBatch = await works(type, 2);
    await session.release();
    return { type, anyBatch };
}

async function load(name, threads, images, height, width, ...path) {
    const model = path.join(' ');
    const size = { height: Number(height), width: Number(width) };
    const { type, anyBatch } = await probe(model, size);
    const session = await open(model, Number(threads));
    const input = noise(type, anyBatch ? Number(images) : 1, size);
    await run(session, input);
    networks.set(name, { session, input, runs: anyBatch ? 1 : Number(images) });
    return anyBatch ? 'any' : 'one';
}

async function time(name, seconds) {
    const { session, input, runs } = networks.get(name);
    const times = [];
    const start = performance.now();
    for (let last = start; times.length === 0 || last - start < Number(seconds) * 1000; ) {
        for (let i = 0; i < runs; ++i) await run(session, input);
        const now = performance.now();
        times.push((now - last) / 1000);
        last = now;
    }
    times.sort((a, b) => a - b);
    const middle = times.length >> 1;
    const median = times.length % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
    return `${times.length} ${median}`;
}

async function unload(name) {
    await networks.get(name).session.release();
    networks.delete(name);
    return '';
}

const commands = { version: async () => runtime.version, load, time, unload };
for await (const line of createInterface({ input: process.stdin })) {
    const [command, ...fields] = line.split(' ');
    try {
        console.log(`ok ${await commands[command](...fields)}`.trimEnd());
    } catch (error) {
        console.log(`error ${error.message}`.replaceAll('\n', ' '));
    }
}
