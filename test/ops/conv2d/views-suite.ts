/** Operations that are made of others, such as convolutions of sequences, against PyTorch: values and gradients. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { conv1d } from '#src/ops/conv2d/conv1d';
import { convTranspose1d } from '#src/ops/conv2d/conv-transpose1d';
import { adaptiveAveragePool2d } from '#src/ops/pool/adaptive-average-pool';
import type { Device } from '#src/program/device';
import { type Call, checkGolden, type GoldenValues, golden } from '../golden-suite.js';

interface ViewCase extends GoldenValues {
  readonly view: string;
}

const calls: Readonly<Record<string, Call>> = {
  adaptiveAveragePool2d: ([x], { size }) => adaptiveAveragePool2d(x, size),
  conv1d: ([x, w], options) => conv1d(x, w, options),
  convTranspose1d: ([x, w], options) => convTranspose1d(x, w, options),
};

const cases = golden<readonly ViewCase[]>('views.json');

/** Registers the tests on the device. */
export function testViews(on: string, open: () => Promise<Device>): void {
  for (const [view, call] of Object.entries(calls)) {
    test(`${view} on ${on} gives what PyTorch gives`, async () => {
      const device = await open();
      const own = cases.filter((one) => one.view === view);
      assert.ok(own.length > 0, `${view} has cases`);
      for (const one of own) await checkGolden(device, view, call, one);
    });
  }
}
