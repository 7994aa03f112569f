/** A probe on a GPU: the same head as on the CPU, and a run that the CPU can evaluate. */
import { join } from 'node:path';
import { probeAdapters } from '#src/device/webgpu/node';
import type { AdapterTraits } from '#src/device/kernel';
import { openDevice } from '#src/runs/device';
import { evaluate, finetune } from '#src/finetune/index';
import { featureScale, HEAD_CONVERGENCE } from '#src/tasks/heads/head-problem';
import { LogisticProblem } from '#src/tasks/heads/logistic-head';
import { matmul } from '#src/ops/index';
import { FUSIONS } from '#src/ops/fusions';
import { minimize } from '#src/optim/lbfgs';
import { Device } from '#src/program/device';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sharedWebGPU } from '../device/shared-webgpu.js';
import { assertStoredHeads } from '../training/heads/heads-suite.js';
import { fixture, fixtureSet, relativeError } from '../tasks/logistic-fixture.js';
import { listener, newFolder, newPath, pictures, SIDE, writeFiles } from './support.js';

test("the head is PyTorch's to 3e-4", async () => {
  const device = new Device(await sharedWebGPU(), FUSIONS);
  for (const { l2, weight, bias } of fixture.fits) {
    const problem = new LogisticProblem(device, fixtureSet, featureScale(fixtureSet), fixture.classes);
    const evaluateAt = async (point: Float64Array) => (await problem.evaluate([point], l2))[0]!;
    const { point } = await minimize(evaluateAt, new Float64Array(problem.size), HEAD_CONVERGENCE);
    const head = problem.head(point);
    problem.close();
    const errors = [relativeError(head.weight, weight), relativeError(head.bias, bias)];
    console.log(`# l2 ${l2}: weights and biases differ by ${errors.map((error) => error.toExponential(1))}`);
    // A little wider than on the CPU: adapters sum in another order, and the loss may stop falling earlier.
    assert.ok(Math.max(...errors) <= 3e-4, `l2 ${l2}: ${errors}`);
  }
});

test('heads that are not fitted are those of scikit-learn', async () => {
  await assertStoredHeads(new Device(await sharedWebGPU(), FUSIONS), 1e-5);
});

test('a run on the GPU is evaluated on the CPU with the same accuracy', async () => {
  const [{ adapter, software } = { adapter: '', software: false }] = await probeAdapters();
  const data = newFolder();
  writeFiles(join(data, 'train'), pictures(['a', 'b', 'c'], 6));
  writeFiles(join(data, 'val'), pictures(['a', 'b', 'c'], 3, 100));
  const result = await finetune({
    ...{ data, model: 'resnet-small', weights: 'none', strategy: 'probe', imageSize: SIDE },
    ...{ device: 'webgpu', adapter, out: newPath() },
  });
  assert.equal(result.device, { kind: 'webgpu', adapter, software });
  assert.ok(result.best.val_accuracy! > 0.7, `accuracy ${result.best.val_accuracy}`);
  const onCpu = await evaluate({ run: result.run, data: join(data, 'val'), device: 'cpu' });
  assert.is(onCpu.accuracy, result.best.val_accuracy);
  assert.ok(Math.abs(onCpu.loss! - result.epochs.at(-1)!.val_loss!) < 1e-3);
});

test('a frozen variant that the adapter cannot run is told, once', async () => {
  const [{ adapter } = { adapter: '' }] = await probeAdapters();
  const context = listener();
  const device = await openDevice(
    { device: 'webgpu', adapter, variants: { matmul: 'register8Strided' } },
    context,
  );
  // An adapter without subgroups.
  const opened = device.backend as unknown as { context: { traits: AdapterTraits } };
  opened.context.traits = { ...opened.context.traits, minSubgroupLanes: 0 };
  const ones = (n: number) => tensor(new Float32Array(n * n).fill(1), [n, n]);
  const product = (n: number) => device.run(() => matmul(ones(n), ones(n)));
  assert.is((await product(8))[0], 8);
  assert.is((await product(9))[0], 9);
  await device.close();
  const notes = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.equal(notes, [
    `Note: ${adapter} cannot run register8Strided (matmul), with which the run began: kernels choose by themselves there, and results will differ in the last digits.`,
  ]);
});

test.run();
