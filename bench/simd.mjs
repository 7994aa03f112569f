/**
 * Speed of the SIMD kernels on one core: a 1152^3 matrix product, and every distinct convolution of ResNet50 at
 * 224 (batch 1) with its frozen batch norm and ReLU. Prints GFLOP/s (a multiply-add is two) and milliseconds:
 * the median, and the best, which is what a busy machine would reach if it were quiet.
 *
 *     npm run build && node bench/simd.mjs [plain|relaxed] [repeats]
 */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { enableRelaxedSimd } from '../dist/device/cpu/node.js';
import { conv2dSimd, conv2dUnits } from '../dist/ops/conv2d-simd.js';
import { matmulSimd, matmulUnits } from '../dist/ops/matmul-simd.js';
import { resnet50Convolutions } from './resnet50-convolutions.mjs';

const wanted = process.argv[2];
const builds = (enableRelaxedSimd() ? ['plain', 'relaxed'] : ['plain']).filter(
  (build) => wanted === undefined || wanted === build,
);
const repeats = Number(process.argv[3] ?? 7);
const EPILOGUE = { scale: true, shift: true, residual: false, activation: 'relu' };

console.log(`${cpus()[0].model}, one core, Node ${process.version}, ${repeats} calls each\n`);
for (const build of builds) {
  const memory = new WebAssembly.Memory({ initial: 4096, maximum: 65536, shared: true });
  const file = new URL(`../dist/device/cpu/simd/${build}.wasm`, import.meta.url);
  const { instance } = await WebAssembly.instantiate(await readFile(file), { env: { memory } });
  new Float32Array(memory.buffer).fill(0.01);

  const n = 1152;
  const product = {
    batch: 1,
    m: n,
    n,
    k: n,
    transposeA: false,
    transposeB: false,
    batchStrideA: 0,
    batchStrideB: 0,
  };
  const attributes = { ...product, epilogue: EPILOGUE };
  const sizes = [n * n, n * n, n, n, 0, n * n];
  const flops = 2 * n ** 3;
  print(
    build,
    `matmul ${n}^3`,
    flops,
    time(instance.exports, memory, matmulSimd, attributes, matmulUnits(attributes), sizes),
  );

  const total = { flops: 0, median: 0, best: 0 };
  for (const { name, times, conv } of resnet50Convolutions({ epilogue: EPILOGUE })) {
    const { height, width, channels, filters, kernelHeight, outHeight, outWidth } = conv;
    const taps = kernelHeight * kernelHeight;
    const outputs = outHeight * outWidth * filters;
    const operands = [height * width * channels, taps * channels * filters, filters, filters, 0, outputs];
    const { median, best } = time(instance.exports, memory, conv2dSimd, conv, conv2dUnits(conv), operands);
    const convFlops = 2 * outputs * taps * channels;
    total.flops += times * convFlops;
    total.median += times * median;
    total.best += times * best;
    print(build, `${times} times ${name}`, convFlops, { median, best });
  }
  print(build, 'all convolutions of ResNet50', total.flops, total);
}

function print(build, name, flops, { median, best }) {
  const show = (ms) => `${(flops / ms / 1e6).toFixed(1).padStart(5)} GFLOP/s ${ms.toFixed(2).padStart(7)} ms`;
  console.log(`${build.padEnd(8)} ${name.padEnd(42)} ${show(median)}, best ${show(best)}`);
}

/** Milliseconds of one call over all units; operands of the given element counts lie one after another. */
function time(exports, memory, simd, attributes, units, sizes) {
  let address = 65536;
  const pointers = [...sizes, simd.workspaceBytes(attributes) / 4].map((elements) => {
    const pointer = elements === 0 ? 0 : address;
    address += Math.ceil(elements / 16) * 64;
    return pointer;
  });
  if (address > memory.buffer.byteLength) throw new Error('the benchmark memory is too small');
  const values = simd.arguments(attributes, pointers, 0, units);
  const times = [];
  for (let i = 0; i <= repeats; i++) {
    const begin = performance.now();
    exports[simd.entry](...values);
    if (i > 0) times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  return { median: times[repeats >> 1], best: times[0] };
}
