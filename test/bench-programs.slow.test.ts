/** The programs in bench/ on a wrong flag, or without the peers: one line, exit code 1, and nothing is measured. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

test('every program begins without the peers, and can say that they are not installed', () => {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const peers = Object.keys(dependencies);
  assert.ok(peers.includes('@tensorflow/tfjs'));
  /** Packages that a file needs before its first line runs. */
  const needed = (path: string): string[] =>
    [...readFileSync(path, 'utf8').matchAll(/^(?:import|export|\}) .*?'([^']+)';$/gm)].flatMap(([, from]) => {
      if (!from.startsWith('.')) return [from];
      const file = join(dirname(path), from);
      return file.startsWith(folder) ? needed(file) : [];
    });
  const inParity = readdirSync(join(folder, 'parity')).filter((name) =>
    /^(run|training|keras|explain)\./.test(name),
  );
  for (const name of [...programs, ...inParity.map((name) => join('parity', name))]) {
    const early = needed(join(folder, name)).filter((from) =>
      peers.some((peer) => from === peer || from.startsWith(`${peer}/`)),
    );
    assert.equal(early, [], name);
  }
});

test.run();
