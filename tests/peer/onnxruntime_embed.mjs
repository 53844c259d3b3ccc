// Runs ONNX networks through ONNX Runtime, for tests that compare with it.
//
//   node onnxruntime_embed.mjs JOBS
//
// JOBS is a text file, one network a line, fields apart by tabs:
//   MODEL  INPUT  OUTPUT  CHANNELS  HEIGHT  WIDTH
// INPUT holds float32 images one behind the other (little-endian, CHW), each of which is run by itself; OUTPUT
// receives the network's outputs likewise. A network that fails is named on standard error, the rest still runs.
//
// The package onnxruntime-node is looked for in $QUANTFACE_ORT_NODE_MODULES, ./node_modules and
// ${XDG_CACHE_HOME:-~/.cache}/quantface/node_modules. Exit codes: 0 done, 1 a network failed, 77 no such package.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

function findRuntime() {
    const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
    const places = [process.env.QUANTFACE_ORT_NODE_MODULES, 'node_modules', join(cache, 'quantface', 'node_modules')];
    for (const place of places) {
        if (!place) continue;
        try {
            return createRequire(resolve(place) + '/')(resolve(place, 'onnxruntime-node'));
        } catch (error) {
            if (error.code !== 'MODULE_NOT_FOUND') throw error;
        }
    }
    console.error('the npm package onnxruntime-node is absent');
    process.exit(77);
}

async function runNetwork(runtime, [model, input, output, ...dims]) {
    const [channels, height, width] = dims.map(Number);
    const session = await runtime.InferenceSession.create(model, { logSeverityLevel: 4, intraOpNumThreads: 1 });
    const bytes = readFileSync(input);
    const images = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    const size = channels * height * width;
    const results = [];
    for (let begin = 0; begin + size <= images.length; begin += size) {
        const image = new runtime.Tensor('float32', images.slice(begin, begin + size), [1, channels, height, width]);
        const outputs = await session.run({ [session.inputNames[0]]: image });
        results.push(Buffer.from(new Float32Array(outputs[session.outputNames[0]].data).buffer));
    }
    writeFileSync(output, Buffer.concat(results));
}

const runtime = findRuntime();
const jobs = readFileSync(process.argv[2], 'utf8').split('\n').filter((line) => line);
for (const job of jobs) {
    const fields = job.split('\t');
    try {
        await runNetwork(runtime, fields);
    } catch (error) {
        console.error(`${fields[0]}: ${error.message}`);
        process.exitCode = 1;
    }
}
