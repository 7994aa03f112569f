/** The golden values that are checked in are those that PyTorch gives here and now. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const folder = fileURLToPath(new URL('../../../test/ops/golden/', import.meta.url));

test('make-golden.py and make-transforms.py write what is checked in', () => {
  const made = mkdtempSync(join(tmpdir(), 'attune-golden-'));
  try {
    for (const script of ['make-golden.py', 'make-transforms.py'])
      execFileSync('/usr/bin/python3', [join(folder, script), made]);
    for (const file of [
      ...['operations.json', 'images.json', 'losses.json', 'views.json', 'optimizers.json'],
      ...['transforms.json', 'image-policies.json'],
    ]) {
      const found = JSON.parse(readFileSync(join(made, file), 'utf8'));
      const kept = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      assertSame(found, kept, file);
    }
  } finally {
    rmSync(made, { recursive: true });
  }
});

test('make-golden.py --only computes the cases of one operation and leaves all others as they are', () => {
  const made = mkdtempSync(join(tmpdir(), 'attune-golden-'));
  try {
    const kept = readFileSync(join(folder, 'operations.json'), 'utf8').split('\n');
    const changed = kept.map((line) =>
      /^\{"operation":"(softmax|relu)"/.test(line)
        ? line.replace(/"output":\[[^\]]*\]/, '"output":[]')
        : line,
    );
    writeFileSync(join(made, 'operations.json'), changed.join('\n'));
    const run = (name: string) =>
      spawnSync('/usr/bin/python3', [join(folder, 'make-golden.py'), made, '--only', name], {
        encoding: 'utf8',
      });
    assert.is(run('softmax').status, 0);
    const found = readFileSync(join(made, 'operations.json'), 'utf8').split('\n');
    found.forEach((line, i) => {
      if (!line.startsWith('{"operation":"softmax"')) assert.is(line, changed[i]);
      else assertSame(JSON.parse(line.replace(/,$/, '')), JSON.parse(kept[i]!.replace(/,$/, '')), 'softmax');
    });
    assert.match(run('sofmax').stderr, 'there are no cases of sofmax: did you mean softmax?');
  } finally {
    rmSync(made, { recursive: true });
  }
});

/** Equal, but for the last digits of numbers: other builds of PyTorch add in another order. */
function assertSame(found: unknown, kept: unknown, path: string): void {
  if (typeof found === 'number' && typeof kept === 'number') {
    assert.ok(
      Math.abs(found - kept) <= 1e-13 * Math.max(1, Math.abs(kept)),
      `${path}: ${found}, not ${kept}`,
    );
  } else if (typeof found === 'object' && found !== null && typeof kept === 'object' && kept !== null) {
    assert.equal(Object.keys(found), Object.keys(kept), path);
    for (const [key, value] of Object.entries(found))
      assertSame(value, kept[key as keyof typeof kept], `${path}.${key}`);
  } else assert.is(found, kept, path);
}

test.run();
