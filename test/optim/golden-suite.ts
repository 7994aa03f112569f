/** SGD, RMSprop, Adam and AdamW on any device: twenty steps as PyTorch takes them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '#src/program/device';
import { golden } from '../ops/golden-suite.js';
import { assertClose } from '../ops/support.js';
import { goldenLoss, goldenMemory, optimizers, trainStep } from './support.js';

interface OptimizerCase {
  readonly name: string;
  readonly optimizer: keyof typeof optimizers;
  // biome-ignore lint/suspicious/noExplicitAny: the options of three optimisers.
  readonly options: any;
  readonly weights: readonly (readonly number[])[];
  readonly norms: readonly number[];
}

const STEPS = 20;

/** Registers a test for each golden case on the device. */
export function testOptimizers(on: string, open: () => Promise<Device>): void {
  for (const { name, optimizer: kind, options, weights, norms } of golden<OptimizerCase[]>(
    'optimizers.json',
  )) {
    test(`${name} on ${on}: ${STEPS} steps as PyTorch takes them`, async () => {
      const device = await open();
      const exact = device.precision === 'float64';
      const tolerance = exact ? { absolute: 1e-12, relative: 1e-12 } : { absolute: 2e-6, relative: 2e-6 };
      const memory = goldenMemory(device);
      const optimizer = optimizers[kind](memory, options);
      for (let step = 0; step < STEPS; step++) {
        await trainStep(device, optimizer, () => goldenLoss(memory));
        if (norms.length > 0) {
          assertClose(await optimizer.gradientNorm(), [norms[step]], tolerance, `norm at step ${step}`);
        }
      }
      const values = await memory.read();
      memory.parameters.forEach((parameter, i) => {
        assertClose(values.get(parameter) ?? [], weights[i], tolerance, `${name}, array ${i}`);
      });
      assert.ok(norms.length === 0 || norms[0] > options.maxGradientNorm, 'clipping took part');
      for (const arena of [memory.values, memory.gradients, ...Object.values(optimizer.moments)]) {
        for (const [i, place] of arena.places.entries()) {
          const next = arena.places[i + 1];
          const end = next?.chunk === place.chunk ? next.offset : arena.chunks[place.chunk].length;
          const chunk = await device.read(arena.chunks[place.chunk]);
          assert.ok(
            chunk.slice(place.offset + place.length, end).every((x) => x === 0),
            'padding stays zero',
          );
        }
      }
      optimizer.close();
      memory.close();
    });
  }
}
