/** The programs in bench/ on a wrong flag: one line, exit code 1, and nothing is measured. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runNode } from './cli/support.js';

const folder = fileURLToPath(new URL('../../bench/', import.meta.url));
const programs = readdirSync(folder).filter((name) => name.endsWith('.mjs'));

async function refuses(words: readonly string[], line: RegExp): Promise<void> {
  const { status, stdout, stderr } = await runNode(words, { cwd: folder });
  assert.match(stderr, line);
  assert.is(stdout, '');
  assert.is(status, 1);
}

test('every program refuses an unknown flag', async () => {
  assert.ok(programs.length > 10);
  for (const name of programs) {
    await refuses([name, '--banana'], new RegExp(`^bench/${name.slice(0, -4)}: .*--banana.*\\n$`));
  }
});

test('the programs on kernels, images and training steps refuse wrong values', async () => {
  await refuses(['kernels.mjs', '--device', 'banana'], /^bench\/kernels: --device banana is neither .*\n$/);
  await refuses(['kernels-gradients.mjs', '--batch', '0'], /--batch 0 is not a whole number above 0\n$/);
  await refuses(['matmul-versions.mjs', '--repeats', 'x'], /--repeats x is not a whole number above 0\n$/);
  await refuses(['images.mjs', '1.5'], /^bench\/images: 1\.5 is no whole number above 0, for pictures\n$/);
  await refuses(['cpu-training.mjs', 'resnet51'], /resnet51 is neither resnetSmall nor resnet50\n$/);
  await refuses(['cpu-training.mjs', 'resnet50', '2', '3', '4', '5', '6'], /6 is a word too many\n$/);
});

test.run();
