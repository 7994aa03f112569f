/** How much faster two threads of the CPU device are than one: the same launches on both devices, in turn. */
import { openCpu } from '../../dist/device/cpu/node.js';
import { conv2dKernel } from '../../dist/ops/conv2d-kernel.js';
import { NO_EPILOGUE } from '../../dist/ops/epilogue.js';
import { matmulKernel } from '../../dist/ops/matmul-kernel.js';
import { spread } from './compare.mjs';
import { resnet50Convolutions } from './convolutions.mjs';
import { PEAK_SIDE } from './simd-kernels.mjs';

/** Rows { name, rounds, ratio, best }: milliseconds [one, two] of each round, the ratio of medians and that of the best. */
export async function measureScaling(rounds) {
  const devices = [await openCpu({ threads: 1 }), await openCpu({ threads: 2 })];
  const rows = [];
  for (const { name, kernel, attributes, sizes } of launches()) {
    const prepared = [];
    for (const device of devices) prepared.push(await prepareLaunch(device, kernel, attributes, sizes));
    const times = [];
    for (let round = 0; round <= rounds; round++) {
      const pair = [];
      for (const [i, device] of devices.entries()) {
        const [{ nanoseconds }] = await device.profile(prepared[i]);
        pair.push(nanoseconds / 1e6);
      }
      if (round > 0) times.push(pair);
    }
    const of = (statistic) => {
      const [one, two] = [0, 1].map((i) => spread(times.map((pair) => pair[i]))[statistic]);
      return one / two;
    };
    rows.push({ name, rounds: times, ratio: of('median'), best: of('min') });
  }
  for (const device of devices) await device.close();
  return rows;
}

function launches() {
  const n = PEAK_SIDE;
  const flags = { transposeA: false, transposeB: false, batchStrideA: 0, batchStrideB: 0 };
  const product = { batch: 1, m: n, n, k: n, ...flags, epilogue: NO_EPILOGUE };
  const wanted = [
    '3x3 /1 56x56x64 -> 64',
    '3x3 /1 14x14x256 -> 256',
    '1x1 /1 14x14x1024 -> 256',
    '3x3 /1 7x7x512 -> 512',
  ];
  const convolutions = resnet50Convolutions({ epilogue: NO_EPILOGUE, batch: 4 });
  return [
    {
      name: `matrix product ${n}^3`,
      kernel: matmulKernel,
      attributes: product,
      sizes: [n * n, n * n, 0, 0, 0, n * n],
    },
    ...convolutions
      .filter(({ name }) => wanted.includes(name))
      .map(({ name, conv }) => {
        const inputs = conv.batch * conv.height * conv.width * conv.channels;
        const weights = conv.kernelHeight * conv.kernelWidth * conv.channels * conv.filters;
        const outputs = conv.batch * conv.outHeight * conv.outWidth * conv.filters;
        return { name, kernel: conv2dKernel, attributes: conv, sizes: [inputs, weights, 0, 0, 0, outputs] };
      }),
  ];
}

async function prepareLaunch(device, kernel, attributes, sizes) {
  const operands = sizes.map((length) => {
    if (length === 0) return null;
    const range = { buffer: device.allocate(length * 4), dtype: 'float32', offset: 0, length };
    device.write(range, new Float32Array(length).fill(0.01));
    return range;
  });
  return device.prepare([{ kernel, attributes, operands }]);
}
