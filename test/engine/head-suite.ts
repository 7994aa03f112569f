/** A head that trains, the same on any device as in float64, with what a step costs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Counters } from '#src/device/backend';
import type { Device } from '#src/program/device';
import { assertClose, cpuDevice } from '../ops/support.js';
import { Head } from './head.js';

const SIZES = { batch: 32, features: 10, hidden: 16, classes: 3 };
const STEPS = 20;

/** Registers the tests of training on the device. */
export function testHead(on: string, open: () => Promise<Device>): void {
  for (const kind of ['sgd', 'adam'] as const) {
    test(`a two-layer head trains with ${kind} on ${on} as in float64`, async () => {
      const heads = [new Head(await open(), kind, SIZES), new Head(await cpuDevice('float64'), kind, SIZES)];
      const losses: number[][] = [[], []];
      for (let step = 0; step < STEPS; step++) {
        for (const [i, head] of heads.entries()) losses[i].push(await head.step());
      }
      const tolerance = { absolute: 2e-4, relative: 2e-4 };
      assertClose(losses[0], losses[1], tolerance, 'losses');
      const values = await Promise.all(
        heads.map(({ memory }) => memory.device.read(memory.values.chunks[0])),
      );
      assertClose(values[0], values[1], tolerance, 'weights');
      assert.ok(losses[0][STEPS - 1] < 0.8 * losses[0][0], `${losses[0][0]} fell to ${losses[0][STEPS - 1]}`);
      for (const head of heads) head.close();
    });
  }
}

/** What one step adds to the counters, once the plans are made. */
export async function costOfStep(device: Device, head: Head): Promise<Partial<Counters>> {
  for (let step = 0; step < 3; step++) await head.step();
  const before = { ...device.counters };
  await head.step();
  const after = device.counters;
  const names = [
    'launches',
    'submits',
    'pipelines',
    'bindGroups',
    'buffersCreated',
    'buffersDestroyed',
    'liveBytes',
  ] as const;
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]]));
}

export const STEADY_STEP = {
  pipelines: 0,
  bindGroups: 0,
  buffersCreated: 0,
  buffersDestroyed: 0,
  liveBytes: 0,
};
export { SIZES };
