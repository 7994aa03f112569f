/** Parameters that join later: the others go on as if nothing had happened, the new ones as if they had just begun. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freeze, unfreeze } from '#src/nn/freeze';
import { Module } from '#src/nn/module';
import { add, multiply, square, sum } from '#src/ops/index';
import { carryOver, type Optimizer, PullToStart, readKept, WeightAverage } from '#src/optim/index';
import type { Device } from '#src/program/device';
import { Parameter } from '#src/tensor/parameter';
import { type Scalar, type Tensor, tensor } from '#src/tensor/tensor';
import { assertClose, cpuDevice, formulaValues } from '../ops/support.js';
import { optimizers, trainStep } from './support.js';

const [BEFORE, AFTER] = [5, 7];
const RATES = { late: 0.01, early: 0.02 };

/** Two arrays whose losses are apart, so that each is trained as if it were alone. */
class Pair extends Module {
  readonly late = new Parameter(formulaValues([3, 5], 40), [3, 5]);
  readonly early = new Parameter(formulaValues([70], 41), [70]);

  override forward(): Tensor {
    const loss = (parameter: Parameter, salt: number) =>
      sum(
        multiply(tensor(formulaValues(parameter.shape, salt, 0.5, 0.75), parameter.shape), square(parameter)),
      );
    return add(loss(this.late, 50), loss(this.early, 51));
  }
}

type Kind = keyof typeof optimizers;

function optimizerOf(kind: Kind, model: Pair, joinedAt: number): Optimizer {
  const { memory } = model;
  const groups = (['late', 'early'] as const)
    .filter((name) => model[name].trainable)
    .map((name) => ({
      name,
      parameters: [model[name]],
      lr: RATES[name],
      weightDecay: 0.1,
      pull: 0.2,
      ...(name === 'late' && { joinedAt }),
    }));
  const parts = [new PullToStart(memory), new WeightAverage(memory, 0.9)];
  return optimizers[kind](memory, { groups, parts, ...(kind === 'sgd' && { momentum: 0.9 }) });
}

async function train(device: Device, model: Pair, optimizer: Optimizer, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await trainStep(device, optimizer, () => model.forward() as Scalar);
  }
}

/** What became of the arrays, and of what the optimiser kept of them. */
async function ending(model: Pair, optimizer: Optimizer) {
  const values = await model.readValues();
  const kept = await readKept(optimizer);
  const of = (name: 'late' | 'early') =>
    new Map([
      ['value', values.get(model[name])],
      ...Array.from(kept, ([arena, arrays]) => [arena, arrays.get(model[name])] as const),
    ]);
  return { late: of('late'), early: of('early') };
}

for (const kind of Object.keys(optimizers) as Kind[]) {
  test(`${kind}: a parameter that joins is trained as if the optimiser had begun with it`, async () => {
    const device = await cpuDevice('float64');
    const model = new Pair();
    await freeze(model, 'early');
    await model.to(device);
    const first = optimizerOf(kind, model, 0);
    await train(device, model, first, BEFORE);
    assert.is(model.memory.parameters.length, 1);
    const [kept, steps] = [await readKept(first), first.steps];
    first.close();
    await unfreeze(model);
    const second = optimizerOf(kind, model, steps);
    await carryOver(kept, steps, second);
    await train(device, model, second, AFTER);
    const joined = await ending(model, second);
    second.close();

    /** Both from the beginning, for as many steps. */
    const together = async (count: number) => {
      const other = new Pair();
      await other.to(device);
      const optimizer = optimizerOf(kind, other, 0);
      await train(device, other, optimizer, count);
      const end = await ending(other, optimizer);
      optimizer.close();
      await other.close();
      return end;
    };
    const [early, late] = [(await together(BEFORE + AFTER)).early, (await together(AFTER)).late];
    const exact = { absolute: 1e-14, relative: 1e-14 };
    for (const [name, values] of early) {
      assertClose(joined.early.get(name) ?? [], values ?? [], exact, `early ${name}`);
    }
    // Adam's epsilon weighs more in the first steps of a group that joins.
    const near = kind.startsWith('adam') ? { absolute: 1e-8, relative: 1e-6 } : exact;
    for (const [name, values] of late) {
      // Its decay follows from the steps of the optimiser.
      if (name !== 'average') assertClose(joined.late.get(name) ?? [], values ?? [], near, `late ${name}`);
    }
    assert.equal(joined.late.get('start'), Float64Array.from(new Pair().late.hostValues));
    await model.close();
  });
}

test.run();
