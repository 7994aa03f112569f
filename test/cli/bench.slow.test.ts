/** attune bench measures what it says, keeps its time, and leaves nothing out in silence. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchDocument } from '#src/cli/commands/bench-text';
import { kernelWorks, modelWorks } from '#src/finetune/bench/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attune } from './support.js';

const onCpu = { kind: 'cpu', software: false, features: [] } as const;

async function bench(...words: readonly string[]): Promise<BenchDocument> {
  const { status, stdout, stderr } = await attune(['bench', '--json', ...words]);
  assert.is(status, 0, stderr);
  return JSON.parse(stdout) as BenchDocument;
}

test('kernels on the CPU: each beside the ceilings, in a Markdown and an SVG file as well', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'attune-bench-'));
  const [markdown, svg] = ['b.md', 'b.svg'].map((name) => join(folder, name)) as [string, string];
  const words = ['--device', 'cpu', '--only', 'kernels', '--seconds', '6'];
  const written = ['--markdown', markdown, '--svg', svg];
  const { rows, unmeasured, devices, command } = await bench(...words, ...written);
  assert.is(command, 'npx attune bench --only kernels --seconds 6 --device cpu');
  assert.is(devices.length, 1);
  assert.equal(unmeasured, []);
  const names = rows.map((row) => (row.part === 'ceilings' ? row.part : row.name));
  assert.equal(names, ['ceilings', ...kernelWorks(onCpu).map(({ name }) => name)]);
  for (const row of rows) {
    assert.is(row.adapter, devices[0]!.adapter);
    if (row.part !== 'kernels') continue;
    // Winograd needs fewer multiplications than the formula that is counted: 2.25 times at most.
    assert.ok(row.share > 0 && row.share < 2.5, `${row.name}: ${row.share} of the ceiling`);
    assert.match(row.variant, / simd$/);
    const { min, median, max } = row.milliseconds;
    assert.ok(0 < min && min <= median && median <= max);
  }
  assert.match(await readFile(markdown, 'utf8'), /\n\| matmul 1152 x 1152 x 1152 \| /);
  assert.match(await readFile(svg, 'utf8'), /matmul 1152 x 1152 x 1152/);
  await rm(folder, { recursive: true });
});

test('models and start-up on the CPU', async () => {
  const { rows, unmeasured } = await bench('--device', 'cpu', '--seconds', '100');
  assert.equal(unmeasured, []);
  const models = rows.filter((row) => row.part === 'models');
  assert.equal(
    models.map(({ name }) => name),
    modelWorks(onCpu).map(({ name }) => name),
  );
  const memory = Object.fromEntries(models.map(({ name, peak_bytes }) => [name, peak_bytes]));
  const weights = 4 * 25_557_032;
  assert.ok(memory['ResNet50 inference']! > weights, 'weights are counted');
  assert.ok(memory['ResNet50 inference']! < 2 * weights, 'no memory for gradients');
  assert.ok(memory['ResNet50 training']! > 3 * weights, 'weights, gradients and velocities');
  const [startup] = rows.filter((row) => row.part === 'startup');
  assert.ok(startup!.first_seconds > 0 && startup!.later_seconds.samples >= 1);
});

test('what there is no time for is named, on every device', async () => {
  const started = Date.now();
  const { rows, unmeasured, devices } = await bench('--only', 'models', '--seconds', '1');
  assert.ok(Date.now() - started < 15_000, 'it ends soon');
  assert.is(rows.length + unmeasured.length, devices.length * modelWorks(onCpu).length);
  assert.ok(unmeasured.some(({ reason }) => reason === 'no time'));
});

test('a GPU with float16 is measured in mixed precision, too', () => {
  const gpu = { kind: 'webgpu', software: false, features: ['shader-f16'] } as const;
  const names = modelWorks(gpu).map(({ name }) => name);
  assert.ok(names.includes('ResNet50 training, mixed precision'));
  assert.is(modelWorks({ ...gpu, features: [] }).length, names.length / 2);
  assert.is(modelWorks({ ...gpu, software: true }).length, names.length / 2);
});

test('an adapter that is not there is refused', async () => {
  const { status, stderr } = await attune(['bench', '--adapter', 'Voodoo 2']);
  assert.is(status, 1);
  assert.match(stderr, /^attune: no adapter is named Voodoo 2 \(.*\): .*\n$/);
});

test.run();
