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

/** Launches of a forward pass, whose batch norms, additions and clipping activations are all parts of others. */
export interface Launches {
  /** Convolutions with a batch norm, whose fold is a launch before each. */
  readonly convolutions: number;
  /** Other convolutions, pools, products, norms, and activations that are no part of what gives their input; null: not counted. */
  readonly others: number | null;
}

/** The largest difference in float64, as a share of the largest number. */
const EXACT = 1e-12;

/** Registers the tests of one model. `rounded` is the largest difference in float32. */
export function testModel(
  model: Network,
  features: number,
  { convolutions, others }: Launches,
  rounded = 1e-5,
): void {
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

  test(`${name} computes torchvision's features and logits, to 1e-12 in float64`, async () => {
    await loadStateDict(model, formulaEntries(name));
    const devices: Device[] = [];
    for (const precision of ['float64', 'float32'] as const) {
      const device = new Device(await openCpu({ precision }), FUSIONS);
      devices.push(device);
      await model.to(device);
      const started = performance.now();
      const result = await device.run(() => {
        const pooled = model.features(tensor(formulaImage(), [1, IMAGE_SIZE, IMAGE_SIZE, 3]));
        return { pooled, logits: model.head.forward(pooled) };
      });
      const milliseconds = Math.round(performance.now() - started);
      assert.is(result.pooled.length, features);
      if (others !== null) assert.is(device.lastProgram.launches, 2 * convolutions + others);
      const found = [
        differenceOf([...result.logits], expected.logits),
        differenceOf([...result.pooled.subarray(0, 16)], expected.features),
      ];
      console.log(
        `# ${name}, ${precision}: ${found.map((one) => one.toExponential(1)).join(', ')}, ${milliseconds} ms`,
      );
      assert.ok(Math.max(...found) <= (precision === 'float64' ? EXACT : rounded), `${precision}: ${found}`);
    }
    model.close();
    for (const device of devices) await device.close();
  });
}

/** The largest difference as a share of the largest number. */
function differenceOf(found: readonly number[], expected: readonly number[]): number {
  assert.is(found.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]!))) / largest;
}
