/** Running statistics that change by forward passes alone, against numbers made by hand; all are exact in float32. */
import { BatchNorm2d } from '#src/nn/batch-norm';
import { sequential } from '#src/nn/layers';
import { updateStatistics } from '#src/nn/statistics';
import { sgd } from '#src/optim/sgd';
import type { Device } from '#src/program/device';
import { generator } from '#src/tensor/philox';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertThrows } from '../ops/support.js';

const random = generator(1);
/** Mean 1 and unbiased variance 2; mean 4 and variance 18; mean -2 and variance 8. */
const BATCHES = [
  [0, 2],
  [1, 7],
  [-4, 0],
];

async function statisticsOf(layer: BatchNorm2d): Promise<number[]> {
  return [...(await layer.running_mean.read()), ...(await layer.running_var.read())];
}

/** Registers the tests on the device. */
export function testStatistics(on: string, open: () => Promise<Device>): void {
  const pass = (model: BatchNorm2d, batch: readonly number[], momentum?: number) => () => {
    const training = momentum === undefined ? { random } : { random, momentum };
    model.forward(tensor(batch, [2, 1]), training);
    updateStatistics(model);
  };

  test(`running statistics on ${on}: passes without an optimiser, as PyTorch's train mode`, async () => {
    const device = await open();
    const layer = await new BatchNorm2d(1, { momentum: 0.25 }).to(device);
    await device.run(pass(layer, BATCHES[0]));
    assert.equal(await statisticsOf(layer), [0.25, 0.75 + 0.25 * 2]);
    await device.run(pass(layer, BATCHES[1]));
    assert.equal(await statisticsOf(layer), [0.75 * 0.25 + 0.25 * 4, 0.75 * 1.25 + 0.25 * 18]);
    // Two passes of one program count as two.
    await device.run(() => {
      layer.forward(tensor(BATCHES[2], [2, 1]), { random });
      layer.forward(tensor(BATCHES[2], [2, 1]), { random });
      updateStatistics(layer);
    });
    const twice = (value: number, batch: number) => 0.75 * (0.75 * value + 0.25 * batch) + 0.25 * batch;
    assert.equal(await statisticsOf(layer), [twice(1.1875, -2), twice(5.4375, 8)]);
    layer.close();
  });

  test(`running statistics on ${on}: the mean over all batches, whatever they were before`, async () => {
    const device = await open();
    const layer = await new BatchNorm2d(1, { epsilon: 0.75 }).to(device);
    layer.running_mean.set(Float32Array.of(-1000));
    layer.running_var.set(Float32Array.of(1e6));
    const plans: number[] = [];
    for (const [i, batch] of [BATCHES[0], BATCHES[1]].entries()) {
      await device.run(pass(layer, batch, 1 / (i + 1)));
      plans.push(device.plansMade);
    }
    assert.equal(await statisticsOf(layer), [(1 + 4) / 2, (2 + 18) / 2]);
    assert.is(plans[1], plans[0], 'the share of a batch changes no plan');
    // An evaluating pass uses them: (9.0625 - 2.5) / sqrt(10 + 0.75) comes out of no others.
    const [value] = await device.run(() => layer.forward(tensor([9.0625], [1, 1])));
    assert.ok(Math.abs(value - 6.5625 / Math.sqrt(10.75)) < 1e-6, String(value));
    layer.close();
  });

  test(`running statistics on ${on}: a momentum of 0 uses the batch's and notes nothing`, async () => {
    const device = await open();
    const layer = await new BatchNorm2d(1, { epsilon: 0.5625 }).to(device);
    const optimizer = sgd(layer.memory, { lr: 0 });
    const values = await device.run(() => layer.forward(tensor([0, 2], [2, 1]), { random, momentum: 0 }));
    // The variance that normalises is the biased one: 1.
    assert.ok(Math.abs(values[1] - 1 / 1.25) < 1e-6, String(values[1]));
    await device.run(() => optimizer.step());
    assert.equal(await statisticsOf(layer), [0, 1]);
    await assertThrows(
      () => device.run(() => updateStatistics(layer)),
      'program',
      /no batch statistics to update from.*give forward \{ random \}/,
    );
    for (const momentum of [-0.1, 1.5, Number.NaN]) {
      await assertThrows(() => device.run(pass(layer, BATCHES[0], momentum)), 'program', /momentum is/);
    }
    optimizer.close();
    layer.close();
  });

  test(`running statistics on ${on}: frozen layers keep theirs, and weights do not move`, async () => {
    const device = await open();
    const [kept, trained] = [new BatchNorm2d(1), new BatchNorm2d(1, { momentum: 0.5 })];
    kept.mode = 'frozen';
    kept.running_mean.set(Float32Array.of(0.1));
    kept.running_var.set(Float32Array.of(1 / 3));
    const model = await sequential(kept, trained).to(device);
    await device.run(() => {
      model.forward(tensor([0, 2], [2, 1]), { random });
      updateStatistics(trained);
    });
    assert.equal((await statisticsOf(kept)).map(Math.fround), [0.1, 1 / 3].map(Math.fround), 'bit by bit');
    assert.not.equal(await statisticsOf(trained), [0, 1]);
    assert.equal(
      Array.from(await Promise.all(model.parameters().map((parameter) => parameter.read())), ([x]) => x),
      [1, 0, 1, 0],
    );
    model.close();
  });

  test(`running statistics on ${on}: a batch that is not finite changes none and is told once`, async () => {
    const device = await open();
    const layer = await new BatchNorm2d(1, { momentum: 0.5 }).to(device);
    await device.run(pass(layer, [0, 2]));
    void device.run(pass(layer, [Number.NaN, 2]));
    await assertThrows(
      () => device.run(() => tensor([1], [1])),
      'numeric',
      /statistics of a batch are not finite/,
    );
    assert.equal(await statisticsOf(layer), [0.5, 1.5]);
    await device.run(pass(layer, [0, 2]));
    assert.equal(await statisticsOf(layer), [0.75, 1.75]);
    layer.close();
  });
}
