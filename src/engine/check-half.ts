/** Whether an adapter keeps float16 as it should: looked at once, before a mixed-precision device is handed out. */
import { AttuneError } from '../errors.js';
import { conv2d } from '../ops/conv2d/conv2d.js';
import { relu } from '../ops/pointwise/relu.js';
import type { Device } from '../program/device.js';
import { tensor } from '../tensor/tensor.js';

/** Numbers of every size that float16 has, between them its smallest normal ones and its largest; and next to them. */
const NUMBERS = [
  0,
  1,
  1 + 2 ** -10,
  1 + 2 ** -11,
  Math.PI,
  2 ** -14,
  1.5 * 2 ** -14,
  1000.3,
  65504,
  32768.5,
  -2,
  7,
];
const CHANNELS = 4;
/** Too large for float16, which must show: the loss scale (ops/update/loss-scale.ts) is lowered by gradients that are not finite. */
const OVERFLOWS = [65536, 1e6, 1e30];
/** Half the distance of two neighbours, relative to the smaller: what rounding to the nearest may change. */
const ROUNDING = 2 ** -11;
/** Drivers may round either way. */
const SLACK = 2.01;

/**
 * Computes relu(relu(x)) and a convolution by ones of it, whose operand and result are stored as float16. Closes the
 * device and throws AttuneError 'device' when a number comes back further off than float16 is coarse, when one that is too
 * large comes back finite, or when nothing was kept as float16.
 */
export async function checkHalf(device: Device): Promise<void> {
  try {
    await check(device);
  } catch (error) {
    await device.close();
    throw error;
  }
}

async function check(device: Device): Promise<void> {
  const shape = [1, NUMBERS.length / CHANNELS, 1, CHANNELS];
  const identity = Float32Array.from({ length: CHANNELS ** 2 }, (_, i) => (i % (CHANNELS + 1) === 0 ? 1 : 0));
  const [found, overflows] = await device.run(() => {
    const x = relu(relu(tensor(Float32Array.from(NUMBERS), shape)));
    const same = relu(relu(conv2d(x, tensor(identity, [1, 1, CHANNELS, CHANNELS]))));
    return [same, relu(relu(tensor(OVERFLOWS, [OVERFLOWS.length])))];
  });
  NUMBERS.forEach((number, i) => {
    const expected = Math.max(0, number);
    // Rounded three times at most.
    if (Math.abs(found[i] - expected) <= 3 * SLACK * ROUNDING * expected) return;
    throw wrong(device, `${expected} became ${found[i]}`);
  });
  if (NUMBERS.every((number, i) => found[i] === Math.max(0, Math.fround(number))))
    throw wrong(device, 'numbers that it cannot hold came back whole');
  const finite = OVERFLOWS.findIndex((_, i) => Number.isFinite(overflows[i]));
  if (finite >= 0)
    throw wrong(device, `${OVERFLOWS[finite]} became ${overflows[finite]}, which hides an overflow`);
}

function wrong(device: Device, what: string): AttuneError {
  return new AttuneError({
    code: 'device',
    what: `float16 does not work as it should: ${what}`,
    where: device.info.adapter,
    hint: 'leave --precision out, or try another driver',
  });
}
