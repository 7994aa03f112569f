/** bench/parity/training.mjs, shortened: attune trains as PyTorch does, and the comparison would notice if it did not. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const path = (name: string) => fileURLToPath(new URL(`../../bench/parity/${name}`, import.meta.url));
const TIME_LIMIT_MS = 12 * 60_000;

function compare(...args: string[]) {
  const result = spawnSync(process.execPath, [path('training.mjs'), ...args], {
    encoding: 'utf8',
    timeout: TIME_LIMIT_MS,
  });
  for (const line of result.stdout.split('\n')) console.log(`# ${line}`);
  return result;
}

test('gradients, five losses and running statistics of ResNet 18 equal those of torch.float64', () => {
  const cases = 'float64-sgd,float64-adam';
  const { status, stdout, stderr } = compare('--cases', cases, '--model', 'resnet18', '--steps', '5');
  assert.is(status, 0, stdout + stderr);
  // Two optimisers; steps 1, 2, 3 and 5 are printed, and all are judged.
  assert.is(stdout.match(/^ {4}ok {3}loss of step/gm)?.length, 8);
  assert.is(stdout.match(/^ {4}ok {3}gradients .* 62 tensors/gm)?.length, 2);
  assert.is(stdout.match(/^ {4}ok {3}statistics .* 40 tensors/gm)?.length, 2);
});

test('a hundred steps of the small ResNet in float32 stay as close to float64 as PyTorch, on WebGPU and CPU', () => {
  const { status, stdout, stderr } = compare('--cases', 'float32-small');
  assert.is(status, 0, stdout + stderr);
  // Two devices; steps 1, 2, 3, 5, 10, 20, 50 and 100.
  assert.is(stdout.match(/^ {4}ok {3}loss of step/gm)?.length, 16);
  assert.is(stdout.match(/^ {4}ok {3}(?:gradients|statistics)/gm)?.length, 4);
});

test('gradients and running statistics of MobileNetV2 equal those of torch.float64', () => {
  const { status, stdout, stderr } = compare(
    '--cases',
    'float64-sgd',
    '--model',
    'mobilenet_v2',
    '--steps',
    '2',
  );
  assert.is(status, 0, stdout + stderr);
  assert.is(stdout.match(/^ {4}ok {3}gradients .* 158 tensors/gm)?.length, 1);
  assert.is(stdout.match(/^ {4}ok {3}statistics .* 104 tensors/gm)?.length, 1);
});

for (const [model, tensors, statistics] of [
  ['mobilenet_v3_small', 142, 68],
  ['efficientnet_b0', 213, 98],
  ['convnext_tiny', 182, 0],
] as const) {
  test(`gradients and running statistics of ${model} equal those of torch.float64`, () => {
    const { status, stdout, stderr } = compare(
      ...['--cases', 'float64-sgd', '--model', model, '--steps', '2'],
    );
    assert.is(status, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`^ {4}ok {3}gradients .* ${tensors} tensors`, 'm'));
    assert.match(stdout, new RegExp(`^ {4}ok {3}statistics .* ${statistics} tensors`, 'm'));
  });
}

test('a comparison that cannot be made is a failure', () => {
  const { status, stderr } = compare('--cases', 'float16-sgd');
  assert.is(status, 1);
  assert.match(stderr, /no case is named float16-sgd; there are float64-sgd/);
});

test('the furthest tensor is found, and one that is off, absent or no number is noticed', async () => {
  const { runningMaximum, worstTensor } = await import(path('compare.mjs'));
  const tensors = (a: number, b: number) =>
    new Map([
      ['first', Float64Array.of(a, -4)],
      ['second', Float64Array.of(0, b)],
    ]);
  assert.equal(worstTensor(tensors(1, 0), tensors(1, 0)), { name: 'none', difference: 0 });
  assert.equal(worstTensor(tensors(2, 5), tensors(1, 5)), { name: 'first', difference: 0.25 });
  // A tensor of zeros has no largest element to measure by.
  assert.equal(worstTensor(tensors(1, 1e-30), tensors(1, 0)), {
    name: 'second',
    difference: Number.POSITIVE_INFINITY,
  });
  assert.is(worstTensor(tensors(Number.NaN, 0), tensors(1, 0)).difference, Number.POSITIVE_INFINITY);
  // Rounding of zero, beside a tensor whose largest element is 4, where zero is known to be right; more is none.
  const zero = { vanishing: /^second$/, rounding: 1e-12 };
  assert.is(worstTensor(tensors(1, 3e-13), tensors(1, -2e-14), zero).difference, 0);
  assert.ok(worstTensor(tensors(1, 3e-13), tensors(1, -2e-14)).difference > 10);
  for (const [found, expected] of [
    [5e-12, -2e-14],
    [-2e-14, 5e-12],
  ]) {
    const { difference } = worstTensor(tensors(1, found), tensors(1, expected), zero);
    assert.is(difference, Number.POSITIVE_INFINITY);
  }
  assert.throws(() => worstTensor(new Map(), tensors(1, 0)), /first, second are on one side only/);
  assert.equal(runningMaximum([1, 3, 2, 4]), [1, 3, 3, 4]);
});

test.run();
