/**
 * Speed of the SIMD kernels on one core: a 1152^3 matrix product; every distinct convolution of ResNet50 at 224,
 * forward with its frozen batch norm and ReLU (batch 1) and both gradients (batch 4); the same of the small ResNet
 * at 28 pixels (batch 32), forward without an epilogue. Prints GFLOP/s (a multiply-add is two) and milliseconds:
 * the median, and the best, which is what a busy machine would reach if it were quiet.
 *
 *     npm run build && node bench/simd.mjs [plain|relaxed] [calls]
 */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { enableRelaxedSimd } from '../dist/device/cpu/node.js';
import { weightGradientSplits } from '../dist/ops/conv2d-gradient-attributes.js';
import {
  conv2dInputGradientSimd,
  conv2dInputGradientUnits,
  conv2dWeightGradientSimd,
  conv2dWeightGradientUnits,
} from '../dist/ops/conv2d-gradient-simd.js';
import { conv2dSimd, conv2dUnits } from '../dist/ops/conv2d-simd.js';
import { NO_EPILOGUE } from '../dist/ops/epilogue.js';
import { matmulSimd, matmulUnits } from '../dist/ops/matmul-simd.js';
import { resnet50Convolutions, resnetSmallConvolutions } from './resnet-convolutions.mjs';

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

  const run = (simd, attributes, units, sizes) =>
    time(instance.exports, memory, simd, attributes, units(attributes), sizes);
  const resnet50 = resnet50Convolutions({ epilogue: NO_EPILOGUE, batch: 4 });
  const small = resnetSmallConvolutions({ epilogue: NO_EPILOGUE });
  network(build, 'ResNet50, forward', resnet50Convolutions({ epilogue: EPILOGUE }), forward(run));
  network(build, 'ResNet50, input gradients', resnet50, inputGradient(run));
  network(build, 'ResNet50, weight gradients', resnet50, weightGradient(run));
  network(build, 'small ResNet, forward', small, forward(run));
  network(build, 'small ResNet, input gradients', small, inputGradient(run));
  network(build, 'small ResNet, weight gradients', small, weightGradient(run));
}

/** Times every distinct convolution of a network and prints them, then all together. */
function network(build, title, convolutions, measure) {
  const total = { flops: 0, median: 0, best: 0 };
  for (const { name, times, conv } of convolutions) {
    const { median, best } = measure(conv);
    const { outputs, weights } = sizesOf(conv);
    const flops = (2 * outputs * weights) / conv.filters;
    total.flops += times * flops;
    total.median += times * median;
    total.best += times * best;
    print(build, `${times} times ${name}`, flops, { median, best });
  }
  print(build, title, total.flops, total);
  console.log();
}

/** Elements of a convolution's tensors. */
function sizesOf(conv) {
  const { batch, height, width, channels, filters, kernelHeight, kernelWidth, outHeight, outWidth } = conv;
  return {
    inputs: batch * height * width * channels,
    weights: kernelHeight * kernelWidth * channels * filters,
    outputs: batch * outHeight * outWidth * filters,
  };
}

function forward(run) {
  return (conv) => {
    const { inputs, weights, outputs } = sizesOf(conv);
    const { scale, shift } = conv.epilogue;
    const vectors = [scale ? conv.filters : 0, shift ? conv.filters : 0];
    return run(conv2dSimd, conv, conv2dUnits, [inputs, weights, ...vectors, 0, outputs]);
  };
}

function inputGradient(run) {
  return (conv) => {
    const { inputs, weights, outputs } = sizesOf(conv);
    return run(conv2dInputGradientSimd, conv, conv2dInputGradientUnits, [outputs, weights, inputs]);
  };
}

function weightGradient(run) {
  return (conv) => {
    const { inputs, weights, outputs } = sizesOf(conv);
    const attributes = { ...conv, ...weightGradientSplits(conv) };
    const operands = [inputs, outputs, attributes.splits * weights];
    return run(conv2dWeightGradientSimd, attributes, conv2dWeightGradientUnits, operands);
  };
}

function print(build, name, flops, { median, best }) {
  const show = (ms) => `${(flops / ms / 1e6).toFixed(1).padStart(5)} GFLOP/s ${ms.toFixed(2).padStart(7)} ms`;
  console.log(`${build.padEnd(8)} ${name.padEnd(42)} ${show(median)}, best ${show(best)}`);
}

/** Milliseconds of processor time (not of the wall, which other programs share) of one call over all units; operands of the given element counts lie one after another. */
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
    const begin = process.cpuUsage();
    exports[simd.entry](...values);
    const { user, system } = process.cpuUsage(begin);
    if (i > 0) times.push((user + system) / 1000);
  }
  times.sort((a, b) => a - b);
  return { median: times[repeats >> 1], best: times[0] };
}
