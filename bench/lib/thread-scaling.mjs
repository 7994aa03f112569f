/**
 * How much faster two threads of the CPU device are than one: the same launches on both devices, in turn. Beside it what
 * the machine gives at most: two devices of one thread each, which share nothing, with a launch each at once.
 */
import { openCpu } from '../../dist/device/cpu/node.js';
import { conv2dKernel } from '../../dist/ops/conv2d/conv2d-kernel.js';
import { NO_EPILOGUE } from '../../dist/ops/core/epilogue.js';
import { matmulKernel } from '../../dist/ops/product/matmul-kernel.js';
import { attributesOf, PLAIN } from '../../dist/ops/product/matmul-layout.js';
import { spread } from './compare.mjs';
import { resnet50Convolutions } from './convolutions.mjs';
import { PEAK_SIDE } from './simd-kernels.mjs';

/**
 * Rows { name, rounds, ratio, best, ceiling }: milliseconds [one, two, apart] of each round, `apart` those of the slower
 * of two devices at once; how much faster two threads are, by medians and by the best rounds, and two devices, by medians.
 */
export async function measureScaling(rounds) {
  const devices = [];
  for (const threads of [1, 2, 1]) devices.push(await openCpu({ threads }));
  const rows = [];
  for (const { name, kernel, attributes, sizes } of launches()) {
    const prepared = [];
    for (const device of devices) prepared.push(await prepareLaunch(device, kernel, attributes, sizes));
    const milliseconds = async (i) => {
      const [{ nanoseconds }] = await devices[i].profile(prepared[i]);
      return nanoseconds / 1e6;
    };
    const times = [];
    for (let round = 0; round <= rounds; round++) {
      const [one, two] = [await milliseconds(0), await milliseconds(1)];
      const apart = Math.max(...(await Promise.all([milliseconds(0), milliseconds(2)])));
      if (round > 0) times.push([one, two, apart]);
    }
    const of = (i, statistic) => spread(times.map((round) => round[i]))[statistic];
    const ratio = of(0, 'median') / of(1, 'median');
    const best = of(0, 'min') / of(1, 'min');
    const ceiling = (2 * of(0, 'median')) / of(2, 'median');
    rows.push({ name, rounds: times, ratio, best, ceiling });
  }
  for (const device of devices) await device.close();
  return rows;
}

function launches() {
  const n = PEAK_SIDE;
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
      attributes: attributesOf(PLAIN, [n, n], [n, n]),
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
