/**
 * The recipe "Add a row operation, with SIMD and a module" of src/README.md: a copy of the repository with its patches
 * passes the tests that it names, and what is left out of it again is missed by name.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandsOf } from '../docs/markdown.js';
import { applyTo, complaintsOf, copyOfRepository, recipeOf, runIn, touchedBy } from '../docs/recipes.js';

const recipe = recipeOf('Add a row operation, with SIMD and a module');
const copy = copyOfRepository();
test.after(() => rmSync(copy, { recursive: true }));

/** Takes the lines that match out of a file of the copy. */
function leaveOut(path: string, lines: RegExp): void {
  const text = readFileSync(join(copy, path), 'utf8');
  assert.match(text, lines);
  writeFileSync(join(copy, path), text.replaceAll(lines, ''));
}

test('the recipe is an operation with its shader, SIMD and module, lines of tables, and tests', () => {
  assert.equal(
    touchedBy(recipe).map(([path, added]) => (added === 'new' ? path : `${path} +${added}`)),
    [
      'src/ops/norm/l2-normalize.ts',
      'shaders/norm/l2-normalize.wgsl',
      'src/device/cpu/simd/l2-normalize.ts',
      'src/device/cpu/simd/index.ts +1',
      'src/device/simd-functions.ts +1',
      'src/ops/kernels.ts +2',
      'src/ops/operations.ts +2',
      'src/ops/index.ts +1',
      'shaders/README.md +1',
      'src/nn/layers.ts +8',
      'src/nn/index.ts +1',
      'src/index.ts +1',
      'test/ops/kernel-instances.ts +5',
      'test/ops/gradient-problems.ts +2',
      'test/ops/golden-suite.ts +2',
      'test/ops/golden/make-golden.py +1',
      'test/device/cpu-simd-cases.ts +1',
      'test/nn/layers.test.ts +9',
    ],
  );
});

test('with the recipe applied, PyTorch gives its values, and the tests that it names pass', () => {
  applyTo(copy, recipe);
  const golden = /`(\/usr\/bin\/python3 [^`]+)`/.exec(recipe.text)?.[1] ?? '';
  const [python, ...script] = golden.split(' ');
  runIn(copy, python, script);
  const [command] = commandsOf(recipe.text).filter((line) => line.includes('ops/registered'));
  const [program, ...args] = command.split(' ');
  const output = runIn(copy, program, args);
  assert.match(output, /l2Normalize\.row/);
  assert.match(output, /\n[1-9]\d* passed, 0 failed\n$/);
});

test('users can import it, and its layer', async () => {
  const { gradients, L2Normalize, l2Normalize, open, sum, tensor } = await import(
    pathToFileURL(join(copy, 'dist/index.js')).href
  );
  const device = await open('cpu');
  const [y, dx, layer] = await device.run(() => {
    const x = tensor([3, 4], [1, 2]);
    const y = l2Normalize(x);
    return [y, ...gradients(sum(y), [x]), new L2Normalize().forward(x)];
  });
  await device.close();
  const close = (values: Float32Array, expected: number[]) =>
    assert.ok(
      expected.every((value, i) => Math.abs(values[i]! - value) < 1e-6),
      values.join(', '),
    );
  close(y, [0.6, 0.8]);
  close(dx, [0.2 * (1 - 0.6 * 1.4), 0.2 * (1 - 0.8 * 1.4)]);
  assert.equal(layer, y);
});

test('what is left out of tables and exports together with its tests is missed by name', () => {
  leaveOut('src/ops/kernels.ts', /^.*l2Normalize.*\n/gm);
  leaveOut('src/ops/operations.ts', /^.*l2Normalize.*\n/gm);
  leaveOut('src/ops/index.ts', /^.*l2Normalize.*\n/gm);
  leaveOut('src/index.ts', /^ *L2Normalize,\n/gm);
  const compiler = ['node_modules/typescript/lib/tsc.js', '-p'];
  runIn(copy, process.execPath, [...compiler, 'tsconfig.json']);
  assert.match(complaintsOf(copy), /l2Normalize/);
  leaveOut('test/ops/gradient-problems.ts', /^.*l2Normalize.*\n/gm);
  leaveOut('test/ops/golden-suite.ts', /^.*l2Normalize.*\n/gm);
  leaveOut('test/device/cpu-simd-cases.ts', /^.*l2Normalize.*\n/gm);
  runIn(copy, process.execPath, [...compiler, 'test/tsconfig.json']);
  let told = '';
  try {
    runIn(copy, process.execPath, ['test/run.mjs', 'ops/registered']);
  } catch (error) {
    told = String(error);
  }
  assert.match(told, /missing: l2Normalize \(src\/ops\/kernels\.ts\)/);
  assert.match(told, /missing: l2Normalize \(src\/ops\/operations\.ts\)/);
  assert.match(told, /missing: l2Normalize \(src\/ops\/index\.ts/);
  assert.match(told, /missing: L2Normalize \(src\/nn\/index\.ts and src\/index\.ts\)/);
});

test.run();
