/**
 * Speed of the gradient kernels on a device: both gradients of every distinct convolution of ResNet50 (the first
 * has no input gradient: nobody trains the images) and that of its max pool. For each: the variant that ran, the
 * best of some runs in milliseconds by the device's own clock, the least processor time of all threads together
 * (on a device that a processor plays, it tells more than the clock when the machine is busy), and GFLOP/s by the
 * clock (a multiply-add is two). A weight gradient's time includes the launch that adds its splits.
 *
 *     npm run build && node bench/kernels-gradients.mjs [--device webgpu|cpu] [--batch 2] [--image 224]
 *                           [--repeats 5] [--only TEXT] [--variant conv2dInputGradient=tile64Vec4 ...] [--unsafe]
 *
 * --only times the convolutions whose name has this text. --variant forces a variant where it can run. --unsafe
 * leaves out WebGPU's validation and bounds checks; say so beside its numbers.
 */
import { parseArgs } from 'node:util';
import { openCpu } from '../dist/device/cpu/node.js';
import { openDawn } from '../dist/device/webgpu/node.js';
import { weightGradientSplits } from '../dist/ops/conv2d/conv2d-gradient-attributes.js';
import { conv2dInputGradientKernel } from '../dist/ops/conv2d/conv2d-input-gradient-kernel.js';
import { conv2dWeightGradientKernel } from '../dist/ops/conv2d/conv2d-weight-gradient-kernel.js';
import { maxPool2dGradientKernel } from '../dist/ops/pool/max-pool-gradient-kernel.js';
import { reduceKernel } from '../dist/ops/core/reduce.js';
import { resnet50Convolutions } from './lib/convolutions.mjs';
import { devicesOf, failInOneLine, wholeNumber } from './lib/program.mjs';

failInOneLine('kernels-gradients');

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'webgpu' },
    batch: { type: 'string', default: '2' },
    image: { type: 'string', default: '224' },
    repeats: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    variant: { type: 'string', multiple: true, default: [] },
    unsafe: { type: 'boolean', default: false },
  },
});
const batch = wholeNumber('batch', flags.batch);
const image = wholeNumber('image', flags.image);
const repeats = wholeNumber('repeats', flags.repeats);
const choices = Object.fromEntries(flags.variant.map((choice) => choice.split('=')));

const [kind] = devicesOf(flags.device);
const device = kind === 'cpu' ? await openCpu() : await openDawn({ choices, unsafe: flags.unsafe });
const checks = flags.unsafe ? ', no checks' : '';
console.log(`${device.info.adapter}${checks}, batch ${batch}, best of ${repeats}\n`);

const totals = { input: { flops: 0, milliseconds: 0 }, weight: { flops: 0, milliseconds: 0 } };
for (const [i, { name, times, conv: forward }] of resnet50Convolutions({ batch, image }).entries()) {
  if (!name.includes(flags.only)) continue;
  const { epilogue, ...conv } = forward;
  const taps = conv.kernelHeight * conv.kernelWidth;
  const inputs = batch * conv.height * conv.width * conv.channels;
  const outputs = batch * conv.outHeight * conv.outWidth * conv.filters;
  const weights = taps * conv.channels * conv.filters;
  const flops = 2 * outputs * taps * conv.channels;
  const label = `${times} times ${name}`;
  if (i > 0) {
    const launch = { kernel: conv2dInputGradientKernel, attributes: conv, operands: [0, 1, 2] };
    count(totals.input, times, flops, await show(`dx ${label}`, [launch], [outputs, weights, inputs], flops));
  }
  const cut = weightGradientSplits(conv);
  const launches = [
    { kernel: conv2dWeightGradientKernel, attributes: { ...conv, ...cut }, operands: [0, 1, 2] },
  ];
  if (cut.splits > 1) {
    const attributes = { reduction: 'sum', outer: 1, length: cut.splits, inner: weights };
    launches.push({ kernel: reduceKernel, attributes, operands: [2, 3] });
  }
  const sizes = [inputs, outputs, cut.splits * weights, weights];
  count(totals.weight, times, flops, await show(`dw ${label}`, launches, sizes, flops));
}
for (const [name, { milliseconds, flops }] of Object.entries(totals)) {
  print(`all ${name} gradients`, '', milliseconds, flops);
  print('  for each image', '', milliseconds / batch, flops / batch);
}

const stem = image / 2;
const window = { kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padTop: 1, padLeft: 1 };
const places = { height: stem, width: stem, outHeight: stem / 2, outWidth: stem / 2 };
const pool = { batch, channels: 64, ...places, ...window };
const pixels = batch * stem ** 2 * 64;
const poolLaunch = { kernel: maxPool2dGradientKernel, attributes: pool, operands: [0, 1, 2] };
await show('max pool 3x3 /2', [poolLaunch], [pixels, pixels / 4, pixels], 0);
await device.close();

function count(total, times, flops, milliseconds) {
  total.flops += times * flops;
  total.milliseconds += times * milliseconds;
}

/** Times launches, one after another, on operands of these element counts. Returns milliseconds. */
async function show(name, launches, sizes, flops) {
  const ranges = sizes.map((length) => {
    const range = { buffer: device.allocate(length * 4), dtype: 'float32', offset: 0, length };
    device.write(range, new Float32Array(length).fill(0.01));
    return range;
  });
  const commands = launches.map((launch) => ({ ...launch, operands: launch.operands.map((i) => ranges[i]) }));
  const prepared = await device.prepare(commands);
  let best = Number.POSITIVE_INFINITY;
  let processor = Number.POSITIVE_INFINITY;
  let variant = '';
  for (let i = 0; i <= repeats; i++) {
    const before = process.cpuUsage();
    const profile = await device.profile(prepared);
    const { user, system } = process.cpuUsage(before);
    processor = Math.min(processor, (user + system) / 1e3);
    const milliseconds = profile.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0) / 1e6;
    if (i > 0) best = Math.min(best, milliseconds); // the first run compiles
    variant = profile[0].variant;
  }
  device.discard(prepared);
  for (const { buffer } of ranges) device.release(buffer);
  print(name, variant, best, flops, processor);
  return best;
}

function print(name, variant, milliseconds, flops, processor) {
  const speed = flops > 0 ? `${(flops / milliseconds / 1e6).toFixed(1).padStart(7)} GFLOP/s` : '';
  const used = processor === undefined ? ''.padStart(15) : `${processor.toFixed(2).padStart(8)} ms cpu`;
  console.log(
    `${name.padEnd(38)} ${variant.padEnd(16)} ${milliseconds.toFixed(2).padStart(8)} ms ${used} ${speed}`,
  );
}
