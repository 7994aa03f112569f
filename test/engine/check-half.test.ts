/** The check of an adapter's float16, on the processor, which rounds as adapters may. */
import { checkHalf } from '#src/engine/check-half';
import type { Device } from '#src/program/device';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rounded } from '../ops/half.js';
import { assertThrows, cpuDevice } from '../ops/support.js';

const LARGEST = 65504;

/** A device whose results have been stored as `convert` does, and whether the check has closed it. */
async function storing(convert: (value: number) => number) {
  const cpu = await cpuDevice('float32');
  const device = {
    info: cpu.info,
    closed: false,
    run: async (body: () => unknown) =>
      ((await cpu.run(body)) as unknown as Float32Array[]).map((values) => values.map(convert)),
    close: async () => {
      device.closed = true;
    },
  };
  return device;
}

test('float16 passes, also when it rounds towards zero', async () => {
  const downwards = (value: number) => {
    const nearest = rounded(value);
    return nearest > value ? nearest - 2 ** (Math.floor(Math.log2(value)) - 10) : nearest;
  };
  for (const convert of [rounded, (value: number) => (value > LARGEST ? Infinity : downwards(value))]) {
    const device = await storing(convert);
    await checkHalf(device as unknown as Device);
    assert.is(device.closed, false);
  }
});

for (const [name, convert, sentence] of [
  ['nothing', (value) => value, /numbers that it cannot hold came back whole/],
  ['bfloat16', (value) => value - (value % 2 ** (Math.floor(Math.log2(value)) - 7)), /became/],
  [
    'what stops at the largest',
    (value) => Math.min(rounded(value), LARGEST),
    /65536 became 65504, which hides/,
  ],
  ['what is no number above it', (value) => (value > LARGEST ? 0 : rounded(value)), /65536 became 0/],
] as [string, (value: number) => number, RegExp][]) {
  test(`an adapter that stores ${name} is refused, and closed`, async () => {
    const device = await storing(convert);
    await assertThrows(() => checkHalf(device as unknown as Device), 'device', sentence);
    assert.is(device.closed, true);
  });
}

test.run();
