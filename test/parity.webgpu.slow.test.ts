/** bench/parity, shortened: attune computes PyTorch's logits, and the comparison would notice if it did not. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const path = (name: string) => fileURLToPath(new URL(`../../bench/parity/${name}`, import.meta.url));
const TIME_LIMIT_MS = 8 * 60_000;

test('ResNet 18 and 50 from zip and legacy files equal PyTorch on every device', () => {
  const args = ['--models', 'resnet18,resnet50', '--pictures', '4', '--float64-pictures', '1'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [path('run.mjs'), ...args], {
    encoding: 'utf8',
    timeout: TIME_LIMIT_MS,
  });
  for (const line of stdout.split('\n')) console.log(`# ${line}`);
  assert.is(status, 0, stdout + stderr);
  // Two models, three devices, two files; pixels on the two devices that compute in float32.
  assert.is(stdout.match(/^ {4}ok {3}logits/gm)?.length, 12);
  assert.is(stdout.match(/^ {4}ok {3}pixels/gm)?.length, 4);
});

test('MobileNetV2 equals PyTorch on every device', () => {
  const args = ['--models', 'mobilenet_v2', '--formats', 'zip', '--pictures', '4', '--float64-pictures', '1'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [path('run.mjs'), ...args], {
    encoding: 'utf8',
    timeout: TIME_LIMIT_MS,
  });
  for (const line of stdout.split('\n')) console.log(`# ${line}`);
  assert.is(status, 0, stdout + stderr);
  assert.is(stdout.match(/^ {4}ok {3}logits/gm)?.length, 3);
});

test('a comparison that cannot be made is a failure', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [path('run.mjs'), '--models', 'resnet18', '--devices', 'cpu', '--pictures', '1', '--formats', 'missing'],
    { encoding: 'utf8', timeout: TIME_LIMIT_MS },
  );
  assert.is(status, 1);
  assert.match(stderr, /missing\.pth/);
});

test('one value that is off, absent or no number is noticed', async () => {
  const { largestDifference, nearestRows, relativeDifference } = await import(path('compare.mjs'));
  const expected = Float32Array.of(1, -4, 2);
  assert.is(relativeDifference(expected, expected), 0);
  assert.is(relativeDifference(Float32Array.of(1, -4, 3), expected), 0.25);
  assert.is(largestDifference(Float32Array.of(1, Number.NaN, 2), expected), Number.POSITIVE_INFINITY);
  assert.throws(() => largestDifference(expected.subarray(1), expected), /2 values found where 3/);
  assert.is(nearestRows(Float32Array.of(0, 8, 2, 4), 2), 0.5);
});

test.run();
