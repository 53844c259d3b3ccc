// Times ONNX Runtime for a driver that gives one command a line on standard input and reads one answer a line on
// standard output, so that the driver can let engines take turns.
//
//   node onnxruntime_bench.mjs
//
//   version                                  ok VERSION
//   load NAME THREADS HEIGHT WIDTH MODEL     ok BATCHES            any or one: a batch is run image by image
//   time NAME IMAGES SECONDS                 ok RUNS MEDIAN        seconds of one run of that many images
//   unload NAME                              ok
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

function run(network, input) {
    return network.session.run({ [network.session.inputNames[0]]: input });
}

async function works(network, type, images) {
    try {
        await run(network, noise(type, images, network));
        return true;
    } catch {
        return false;
    }
}

async function load(name, threads, height, width, ...model) {
    const session = await runtime.InferenceSession.create(model.join(' '), {
        logSeverityLevel: 3,
        intraOpNumThreads: Number(threads),
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        executionMode: 'sequential',
    });
    const network = { session, height: Number(height), width: Number(width) };
    // This version does not tell what a network wants, so ask by trying.
    network.type = (await works(network, 'uint8', 1)) ? 'uint8' : 'float32';
    await run(network, noise(network.type, 1, network));
    network.anyBatch = await works(network, network.type, 2);
    networks.set(name, network);
    return network.anyBatch ? 'any' : 'one';
}

async function time(name, images, seconds) {
    const network = networks.get(name);
    const count = Number(images);
    const input = noise(network.type, network.anyBatch ? count : 1, network);
    const runs = network.anyBatch ? 1 : count;
    const times = [];
    const start = performance.now();
    for (let last = start; times.length === 0 || last - start < Number(seconds) * 1000; ) {
        for (let i = 0; i < runs; ++i) await run(network, input);
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
