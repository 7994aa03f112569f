/** Every version of the matrix product that shaders/README.md tells about compiles and is right, at a small size. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sharedWebGPU } from '../../device/shared-webgpu.js';
import { tableOf } from '../../docs/markdown.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const library = pathToFileURL(join(root, 'bench/lib/matmul-versions.mjs')).href;
const { VERSIONS, numbers, plainProduct, runProduct, versionKernel, worstError } = await import(library);

// Three different sizes, each of several tiles or steps.
const sizes = { m: 64, n: 128, k: 192 };
const a = numbers(sizes.m * sizes.k, 1);
const b = numbers(sizes.k * sizes.n, 2);

test('the bench, the folder and the README name the same versions', () => {
  const files: string[] = VERSIONS.map(({ file }: { file: string }) => file);
  const folder = join(root, 'shaders/matmul-versions');
  assert.equal(readdirSync(folder).sort(), files);
  // The row behind them is the product's.
  const rows = tableOf(readFileSync(join(root, 'shaders/README.md'), 'utf8'), 'version');
  assert.equal(
    rows.slice(0, files.length).map(([version]) => /\]\(matmul-versions\/(.*)\)$/.exec(version)?.[1]),
    files,
  );
});

for (const version of VERSIONS) {
  test(`${version.file} agrees with the plain product`, async () => {
    const device = await sharedWebGPU();
    const kernel = versionKernel(version, device);
    if (kernel === null) {
      console.log(`# ${version.file} is not checked: this adapter has no subgroups`);
      return;
    }
    const { c } = await runProduct(device, kernel, sizes, a, b);
    assert.ok(worstError(c, plainProduct(sizes, a, b)) <= 1);
  });
}

test('a wrong, an absent and an unwritten element are noticed', () => {
  const expected = plainProduct(sizes, a, b);
  const right = Float32Array.from(expected.sums);
  assert.ok(worstError(right, expected) <= 1);
  assert.ok(worstError(right.subarray(1), expected) > 1);
  assert.ok(worstError(right.with(77, right[77] + 1e-3), expected) > 1);
  assert.ok(worstError(right.with(77, Number.NaN), expected) > 1);
});

test.run();
