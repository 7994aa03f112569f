/** A data set of series as a user types it: nothing that is said of it speaks of images. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attune } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'attune-series-'));
test.after(() => rmSync(folder, { recursive: true }));
const settings = { cwd: folder, env: { ATTUNE_CACHE: join(folder, 'cache'), ATTUNE_DEVICE: 'cpu' } };

const rows: string[] = [];
for (const [part, count] of [
  ['train', 12],
  ['val', 6],
  ['test', 6],
] as const) {
  for (let i = 0; i < count; i++) {
    const name = i % 2 === 0 ? 'slow' : 'fast';
    const path = `waves/${part}/${name}/${i}.csv`;
    const values = Array.from({ length: 24 }, (_, t) => Math.sin(i + (name === 'slow' ? 0.3 : 1.5) * t));
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), values.join('\n'));
    rows.push(`${path},${i / 10},${name === 'slow' ? 'slow;long' : 'fast'},${part}`);
  }
}
writeFileSync(join(folder, 'values.csv'), `file,phase,kinds,split\n${rows.join('\n')}\n`);

/** What a person reads of a page: without markup, what is typed, and the recipe. */
const readOf = (html: string) =>
  html
    .replace(/<(style|pre|svg)\b.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&[a-z]+;/g, ' ');

const learnt: [name: string, words: string[]][] = [
  ['classes', ['waves']],
  ['values', ['values.csv', '--target', 'phase']],
  ['labels', ['values.csv', '--label', 'kinds']],
];

for (const [run, data] of learnt) {
  test(`what finetune, evaluate, inspect, predict, report and compare say of ${run} of series`, async () => {
    const said: string[] = [];
    const type = async (words: string[]) => {
      const { status, stdout, stderr } = await attune(words, settings);
      assert.is(status, 0, stderr);
      said.push(stdout, stderr);
      return stdout;
    };
    const trained = await type(['finetune', ...data, '--epochs', '2', '--batch-size', '4', '--out', run]);
    assert.match(trained, /\nseries +12 to train, 6 to validate, 6 to test\n/);
    await type(['finetune', ...data, '--strategy', 'probe', '--out', `${run}-probe`]);
    const measured = await type(['evaluate', run, data[0]]);
    assert.match(measured, /\nseries +6 of the part test\n/);
    await type(['inspect', join(run, 'best.safetensors')]);
    await type(['predict', run, 'waves/val/slow/0.csv']);
    await type(['report', run]);
    await type(['compare', run, `${run}-probe`, '--out', `${run}.html`]);
    const page = readOf(readFileSync(join(folder, run, 'report.html'), 'utf8'));
    assert.match(page, /Training series/);
    said.push(page, readOf(readFileSync(join(folder, `${run}.html`), 'utf8')));
    const wrong = said.flatMap((text) => text.match(/.{0,60}\bimages?\b.{0,60}/g) ?? []);
    assert.equal(wrong, []);
  });
}

test('a file that is no series is answered with what series are', async () => {
  writeFileSync(join(folder, 'wide.csv'), '1,2\n3,4\n');
  const { status, stderr } = await attune(['predict', 'classes', 'wide.csv'], settings);
  assert.is(status, 1, stderr);
  assert.match(stderr, /has 2 channels, and the network takes 1 .*: replace it; series are NPY files or CSV/);
});

test.run();
