/** Speed of the CPU's SIMD kernels on one core, called as the device calls them, over all of their units. */
import { readFile } from 'node:fs/promises';
import { weightGradientSplits } from '../../dist/ops/conv2d/conv2d-gradient-attributes.js';
import {
  conv2dInputGradientSimd,
  conv2dInputGradientUnits,
  conv2dWeightGradientSimd,
  conv2dWeightGradientUnits,
} from '../../dist/ops/conv2d/conv2d-gradient-simd.js';
import { conv2dSimd, conv2dUnits } from '../../dist/ops/conv2d/conv2d-simd.js';
import { NO_EPILOGUE } from '../../dist/ops/core/epilogue.js';
import { attributesOf, PLAIN } from '../../dist/ops/product/matmul-layout.js';
import { matmulSimd, matmulUnits } from '../../dist/ops/product/matmul-simd.js';
import { mobilenetConvolutions, resnet50Convolutions, resnetSmallConvolutions } from './convolutions.mjs';

const EPILOGUE = { scale: true, shift: true, residual: false, activation: 'relu' };
/** Side of the square matrix product whose speed is the peak that others are a share of. */
export const PEAK_SIDE = 1152;

/** Gradients are measured with this many images, forward passes with one. */
const GRADIENT_BATCH = 4;

/**
 * The tables of a build ('plain' or 'relaxed'): { build, peak, networks: [{ name, rows, total }] }. A row is
 * { name, times, flops, median, best }, milliseconds of processor time of one call; a total counts every convolution
 * of the network.
 */
export async function measureSimd(build, repeats) {
  const memory = new WebAssembly.Memory({ initial: 8192, maximum: 65536, shared: true });
  const file = new URL(`../../dist/device/cpu/simd/${build}.wasm`, import.meta.url);
  const { instance } = await WebAssembly.instantiate(await readFile(file), { env: { memory } });
  new Float32Array(memory.buffer).fill(0.01);
  const timer = new CallTimer(instance.exports, memory, repeats);

  const networks = [];
  for (const [network, convolutions] of Object.entries(NETWORKS)) {
    for (const [direction, { batch, epilogue, measure }] of Object.entries(DIRECTIONS)) {
      const rows = convolutions({ epilogue, ...(batch !== undefined && { batch }) }).map(
        ({ name, times, conv }) => ({
          name,
          times,
          flops: flopsOf(conv),
          ...measure(timer, conv),
        }),
      );
      networks.push({ name: `${network}, ${direction}`, rows, total: totalOf(rows) });
    }
  }
  return { build, peak: peakOf(timer), networks };
}

/** The matrix product: as a row. */
function peakOf(timer) {
  const n = PEAK_SIDE;
  const attributes = { ...attributesOf(PLAIN, [n, n], [n, n]), epilogue: EPILOGUE };
  const times = timer.time(matmulSimd, attributes, matmulUnits(attributes), [n * n, n * n, n, n, 0, n * n]);
  return { name: `matrix product ${n}^3`, times: 1, flops: 2 * n ** 3, ...times };
}

const NETWORKS = {
  'ResNet50 at 224': resnet50Convolutions,
  'MobileNetV2 at 224': mobilenetConvolutions,
  'the small ResNet at 28': (options) => resnetSmallConvolutions({ ...options, batch: 32 }),
};

const DIRECTIONS = {
  forward: {
    batch: 1,
    epilogue: EPILOGUE,
    measure(timer, conv) {
      const { inputs, weights, outputs } = sizesOf(conv);
      const operands = [inputs, weights, conv.filters, conv.filters, 0, outputs];
      return timer.time(conv2dSimd, conv, conv2dUnits(conv), operands);
    },
  },
  'input gradients': {
    batch: GRADIENT_BATCH,
    epilogue: NO_EPILOGUE,
    measure(timer, conv) {
      const { inputs, weights, outputs } = sizesOf(conv);
      const units = conv2dInputGradientUnits(conv);
      return timer.time(conv2dInputGradientSimd, conv, units, [outputs, weights, inputs]);
    },
  },
  'weight gradients': {
    batch: GRADIENT_BATCH,
    epilogue: NO_EPILOGUE,
    measure(timer, conv) {
      const { inputs, weights, outputs } = sizesOf(conv);
      const attributes = { ...conv, ...weightGradientSplits(conv) };
      const operands = [inputs, outputs, attributes.splits * weights];
      return timer.time(
        conv2dWeightGradientSimd,
        attributes,
        conv2dWeightGradientUnits(attributes),
        operands,
      );
    },
  },
};

/** Elements of a convolution's tensors. */
function sizesOf(conv) {
  const { batch, height, width, channels, filters, groups } = conv;
  return {
    inputs: batch * height * width * channels,
    weights: ((conv.kernelHeight * conv.kernelWidth * channels) / groups) * filters,
    outputs: batch * conv.outHeight * conv.outWidth * filters,
  };
}

/** A multiply-add is two; those of the plain formula count, also where a kernel needs fewer. */
function flopsOf(conv) {
  const { weights, outputs } = sizesOf(conv);
  return (2 * outputs * weights) / conv.filters;
}

function totalOf(rows) {
  const sum = (field) => rows.reduce((total, row) => total + row.times * row[field], 0);
  return { flops: sum('flops'), median: sum('median'), best: sum('best'), worst: sum('worst') };
}

class CallTimer {
  #exports;
  #memory;
  #repeats;

  constructor(exports, memory, repeats) {
    this.#exports = exports;
    this.#memory = memory;
    this.#repeats = repeats;
  }

  /**
   * Milliseconds of processor time (not of the wall, which other programs share) of one call over all units; operands
   * of the given element counts lie one after another.
   */
  time(simd, attributes, units, sizes) {
    let address = 65536;
    const { preparation } = simd;
    const scratch = [simd.workspaceBytes?.(attributes) ?? 0, preparation?.bytes(attributes) ?? 0];
    const pointers = [...sizes, ...scratch.map((bytes) => bytes / 4)].map((elements) => {
      const pointer = elements === 0 ? 0 : address;
      address += Math.ceil(elements / 16) * 64;
      return pointer;
    });
    const prepared = pointers.at(-1);
    if (preparation === undefined) pointers.pop();
    const scratched = pointers.slice(0, sizes.length + 1);
    if (address > this.#memory.buffer.byteLength) throw new Error('the benchmark memory is too small');
    const values = simd.arguments(attributes, pointers, 0, units);
    const times = [];
    for (let i = 0; i <= this.#repeats; i++) {
      const begin = process.cpuUsage();
      if (preparation !== undefined && prepared !== 0) {
        const units = preparation.units(attributes);
        const prepare = this.#exports[preparation.entry(attributes)];
        prepare(...preparation.arguments(attributes, scratched, prepared, 0, units));
      }
      this.#exports[simd.entry](...values);
      const { user, system } = process.cpuUsage(begin);
      if (i > 0) times.push((user + system) / 1000);
    }
    times.sort((a, b) => a - b);
    return { median: times[this.#repeats >> 1], best: times[0], worst: times.at(-1) };
  }
}
