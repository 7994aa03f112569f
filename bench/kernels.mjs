/**
 * Speed of the heavy kernels on a device: a 1152^3 matrix product, every distinct convolution of ResNet50 with its
 * frozen batch norm and ReLU, and its pools. For each: the variant that ran, the best of some runs in milliseconds
 * by the device's own clock, and GFLOP/s (a multiply-add is two). The best is what a busy machine would reach if it
 * were quiet.
 *
 *     npm run build && node bench/kernels.mjs [--device webgpu|cpu] [--batch 2] [--image 224] [--repeats 5]
 *                                             [--variant conv2d=tile64Vec4 ...] [--unsafe]
 *
 * --variant forces a variant where it can run. --unsafe leaves out WebGPU's validation and bounds checks; say so
 * beside its numbers.
 */
import { parseArgs } from 'node:util';
import { openCpu } from '../dist/device/cpu/node.js';
import { openDawn } from '../dist/device/webgpu/node.js';
import { conv2dKernel } from '../dist/ops/conv2d/conv2d-kernel.js';
import { matmulKernel } from '../dist/ops/product/matmul-kernel.js';
import { attributesOf, PLAIN } from '../dist/ops/product/matmul-layout.js';
import { globalAveragePoolKernel, maxPool2dKernel } from '../dist/ops/pool/pool-kernels.js';
import { resnet50Convolutions } from './lib/convolutions.mjs';
import { devicesOf, failInOneLine, wholeNumber } from './lib/program.mjs';

failInOneLine('kernels');

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'webgpu' },
    batch: { type: 'string', default: '2' },
    image: { type: 'string', default: '224' },
    repeats: { type: 'string', default: '5' },
    variant: { type: 'string', multiple: true, default: [] },
    unsafe: { type: 'boolean', default: false },
  },
});
const batch = wholeNumber('batch', flags.batch);
const image = wholeNumber('image', flags.image);
const repeats = wholeNumber('repeats', flags.repeats);
const epilogue = { scale: true, shift: true, residual: false, activation: 'relu' };
const choices = Object.fromEntries(flags.variant.map((choice) => choice.split('=')));

const [kind] = devicesOf(flags.device);
const device = kind === 'cpu' ? await openCpu() : await openDawn({ choices, unsafe: flags.unsafe });
console.log(
  `${device.info.adapter}${flags.unsafe ? ', no checks' : ''}, batch ${batch}, best of ${repeats}\n`,
);

const n = 1152;
await show(
  `matmul ${n}^3`,
  matmulKernel,
  attributesOf(PLAIN, [n, n], [n, n]),
  [n * n, n * n, 0, 0, 0, n * n],
  2 * n ** 3,
);

const total = { flops: 0, milliseconds: 0 };
for (const { name, times, conv } of resnet50Convolutions({ epilogue, batch, image })) {
  const taps = conv.kernelHeight * conv.kernelWidth;
  const inputs = batch * conv.height * conv.width * conv.channels;
  const outputs = batch * conv.outHeight * conv.outWidth * conv.filters;
  const weights = taps * conv.channels * conv.filters;
  const sizes = [inputs, weights, conv.filters, conv.filters, 0, outputs];
  const flops = 2 * outputs * taps * conv.channels;
  total.flops += times * flops;
  total.milliseconds += times * (await show(`${times} times ${name}`, conv2dKernel, conv, sizes, flops));
}
print('all convolutions of ResNet50', '', total.milliseconds, total.flops);
print('  for each image', '', total.milliseconds / batch, total.flops / batch);

const stem = image / 2;
const window = { kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padTop: 1, padLeft: 1 };
const places = { height: stem, width: stem, outHeight: stem / 2, outWidth: stem / 2 };
const pool = { batch, channels: 64, ...places, ...window };
await show(
  'max pool 3x3 /2',
  maxPool2dKernel,
  pool,
  [batch * stem ** 2 * 64, (batch * stem ** 2 * 64) / 4],
  0,
);
const mean = { batch, positions: (image / 32) ** 2, channels: 2048 };
await show(
  'global average pool',
  globalAveragePoolKernel,
  mean,
  [batch * mean.positions * 2048, batch * 2048],
  0,
);
await device.close();

/** Times one launch on operands of these element counts; 0 is an absent one. Returns milliseconds. */
async function show(name, kernel, attributes, sizes, flops) {
  const operands = sizes.map((length) =>
    length === 0 ? null : { buffer: device.allocate(length * 4), dtype: 'float32', offset: 0, length },
  );
  for (const operand of operands.slice(0, -1)) {
    if (operand) device.write(operand, new Float32Array(operand.length).fill(0.01));
  }
  const prepared = await device.prepare([{ kernel, attributes, operands }]);
  let best = Number.POSITIVE_INFINITY;
  let variant = '';
  for (let i = 0; i <= repeats; i++) {
    const [time] = await device.profile(prepared);
    if (i > 0) best = Math.min(best, time.nanoseconds / 1e6); // the first run compiles
    variant = time.variant;
  }
  device.discard(prepared);
  for (const operand of operands) if (operand) device.release(operand.buffer);
  print(name, variant, best, flops);
  return best;
}

function print(name, variant, milliseconds, flops) {
  const speed = flops > 0 ? `${(flops / milliseconds / 1e6).toFixed(1).padStart(7)} GFLOP/s` : '';
  console.log(`${name.padEnd(36)} ${variant.padEnd(16)} ${milliseconds.toFixed(2).padStart(8)} ms ${speed}`);
}
