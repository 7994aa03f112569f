/** A model against torchvision's: names, shapes, counts, and logits in float64. */
import { openCpu } from '#src/device/cpu/node';
import type { Network } from '#src/models/network';
import { countParameters } from '#src/nn/freeze';
import { loadStateDict } from '#src/nn/state-dict';
import { FUSIONS } from '#src/ops/fusions';
import { Device } from '#src/program/device';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXPECTED, formulaEntries, formulaImage, IMAGE_SIZE } from './formula.js';

/** Launches of a forward pass, whose batch norms, additions and activations are all parts of others. */
export interface Launches {
  readonly convolutions: number;
  /** Pools and products. */
  readonly others: number;
}

/** Registers the tests of one model. */
export function testModel(model: Network, features: number, { convolutions, others }: Launches): void {
  const name = model.architecture;
  const expected = EXPECTED[name]!;

  test(`${name} has torchvision's tensors`, () => {
    const parameters = countParameters(model);
    assert.equal(parameters, { total: expected.parameters, trainable: expected.parameters });
    const found = Array.from(model.namedArrays(), ({ name, array, owner, field }) => {
      const axes = owner.torchAxes(field) ?? array.shape.map((_, d) => d);
      return [name, ...axes.map((axis) => array.shape[axis])];
    });
    assert.equal(found, expected.tensors);
    const counters = [...model.namedArrays()].filter(({ field }) => field === 'running_var').length;
    assert.is(found.length + counters, expected.keysWithCounters);
    assert.is(model.head.inputs, features);
  });

  test(`${name} computes torchvision's features and logits to 1e-9`, async () => {
    const device = new Device(await openCpu({ precision: 'float64' }), FUSIONS);
    await loadStateDict(model, formulaEntries(name));
    await model.to(device);
    const started = performance.now();
    const result = await device.run(() => {
      const pooled = model.features(tensor(formulaImage(), [1, IMAGE_SIZE, IMAGE_SIZE, 3]));
      return { pooled, logits: model.head.forward(pooled) };
    });
    console.log(`# ${name}: ${Math.round(performance.now() - started)} ms`);
    assertClose([...result.logits], expected.logits);
    assertClose([...result.pooled.subarray(0, 16)], expected.features);
    assert.is(result.pooled.length, features);
    // Each convolution, and the fold of its batch norm before it.
    assert.is(device.lastProgram.launches, 2 * convolutions + others);
    model.close();
    await device.close();
  });
}

/** Equal to 1e-9 of the largest number. */
function assertClose(found: readonly number[], expected: readonly number[]): void {
  assert.is(found.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
  assert.ok(error <= 1e-9 * largest, `error ${error} beside ${largest}`);
}
