/** What bench/same-bytes.mjs calls a difference, and what it lets pass. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const bench = new URL('../../bench/same-bytes/', import.meta.url);
const { compareDocuments, compareFiles, compareFolders } = await import(new URL('compare.mjs', bench).href);
const { COMMON, RECIPES } = await import(new URL('recipes.mjs', bench).href);

interface Entry {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly data?: string;
  readonly stop?: number;
  readonly after?: readonly string[];
}

/** A safetensors file of float32. */
function tensors(
  values: Readonly<Record<string, readonly number[]>>,
  metadata: Readonly<Record<string, string>> = {},
): Buffer {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const [name, numbers] of Object.entries(values)) {
    const end = at + 4 * numbers.length;
    header[name] = { dtype: 'F32', shape: [numbers.length], data_offsets: [at, end] };
    at = end;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const data = Buffer.from(new Float32Array(Object.values(values).flat()).buffer);
  return Buffer.concat([length, text, data]);
}

const weights = (before: Buffer, after: Buffer) => compareFiles('run/best.safetensors', before, after);

test('a tensor that differs is named with the index and both numbers', () => {
  const before = tensors({ a: [1, 2], b: [3, 4, 5] });
  assert.is(weights(before, tensors({ a: [1, 2], b: [3, 4, 5] })), null);
  assert.is(weights(before, tensors({ a: [1, 2], b: [3, 4.5, 6] })), 'tensor b[1] is 4, then 4.5');
  assert.is(weights(tensors({ a: [0] }), tensors({ a: [-0] })), 'tensor a[0] is 0, then 0');
  assert.is(weights(before, tensors({ a: [1, 2], b: [3, 4] })), 'tensor b is F32 [3], then F32 [2]');
  assert.is(weights(before, tensors({ a: [1, 2] })), 'tensor b is missing in the new one');
  assert.is(weights(tensors({ a: [1, 2] }), before), 'tensor b is in the new one only');
  assert.is(weights(before, tensors({ b: [3, 4, 5], a: [1, 2] })), 'tensor a is in another place');
});

test('not-a-number is itself, as its bytes are', () => {
  assert.is(weights(tensors({ a: [Number.NaN] }), tensors({ a: [Number.NaN] }, { more: '1' })), null);
  assert.match(weights(tensors({ a: [Number.NaN] }), tensors({ a: [1] })), /a\[0\] is NaN, then 1/);
});

test('JSON in the metadata is compared as a document', () => {
  const state = (value: unknown) => tensors({ a: [1] }, { state: JSON.stringify(value) });
  assert.is(
    weights(state({ seconds: 1, events: { bytes: 7 } }), state({ seconds: 2, events: { bytes: 8 } })),
    null,
  );
  assert.is(
    weights(state({ progress: { step: 3 } }), state({ progress: { step: 4 } })),
    'metadata.state.progress.step is 3, then 4',
  );
});

test('the metadata of ONNX are documents, all else is bytes', () => {
  const onnx = (recipe: string, weight: number) => {
    const [before, behind] = [Buffer.from([1, 0x7b, 2]), Buffer.from([weight, 0x7b, 0x22])];
    return Buffer.concat([before, Buffer.from(recipe), behind]);
  };
  const compare = (a: Buffer, b: Buffer) => compareFiles('model.onnx', a, b);
  const old = onnx('{"lr":1,"note":"a } and \\" b"}', 9);
  assert.is(compare(old, onnx('{"note":"a } and \\" b","lr":1}', 9)), null);
  assert.match(compare(old, onnx('{"note":"a } and \\" b","lr":2}', 9)), /lr/);
  assert.match(compare(old, onnx('{"lr":1,"note":"a } and \\" b"}', 8)), /byte/);
});

test('documents have to have every key of the old one, and may have more', () => {
  const added = new Set<string>();
  const compare = (before: unknown, after: unknown) =>
    compareDocuments(before, after, { file: 'result.json', added });
  assert.is(compare({ a: [{ b: 1 }] }, { a: [{ b: 1, c: 2 }], d: 3 }), null);
  assert.equal([...added].sort(), ['a.0.c', 'd']);
  assert.is(compare({ a: [{ b: 1 }] }, { a: [{ b: 2 }] }), 'a.0.b is 1, then 2');
  assert.is(compare({ a: 1, b: 1 }, { a: 1 }), 'b is missing in the new one');
  assert.is(compare({ a: [1] }, { a: [1, 2] }), 'a has 1 items, then 2');
  assert.is(compare({ a: null }, { a: {} }), 'a is null, then {}');
  assert.is(compare({ a: '1' }, { a: 1 }), 'a is "1", then 1');
});

test('times, sums over times and the version may differ, in their files only', () => {
  const compare = (file: string, before: unknown, after: unknown) =>
    compareDocuments(before, after, { file });
  assert.is(compare('run/metrics.jsonl', [{ seconds: 1 }], [{ seconds: 2 }]), null);
  assert.is(compare('run/manifest.json', { states: [{ sha256: 'a' }] }, { states: [{ sha256: 'b' }] }), null);
  assert.ok(compare('result.json', { sha256: 'a' }, { sha256: 'b' }) !== null);
  assert.is(compare('run/recipe.json', { made_by: { attune: '1' } }, { made_by: { attune: '2' } }), null);
  assert.ok(compare('run/recipe.json', { made_by: { l2: 1 } }, { made_by: { l2: 2 } }) !== null);
  assert.ok(compare('run/metrics.jsonl', [{ val_loss: 1 }], [{ val_loss: 2 }]) !== null);
});

test('folders: a file that is gone or differs is told, paths are told from the folder, pages are left out', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'attune-same-bytes-test-'));
  try {
    const side = (name: string, files: Readonly<Record<string, string>>) => {
      const folder = join(scratch, name);
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      return folder;
    };
    const document = (name: string) => JSON.stringify({ run: join(scratch, name, 'run') });
    const old = side('old', { 'result.json': document('old'), 'run/a.bin': 'abc', 'run/report.html': '1' });
    const same = side('same', { 'result.json': document('same'), 'run/a.bin': 'abc', 'run/more.txt': '' });
    const { difference, added } = await compareFolders(old, same);
    assert.is(difference, null);
    assert.equal([...added], ['run/more.txt']);
    const other = side('other', { 'result.json': document('other'), 'run/a.bin': 'abd' });
    assert.is((await compareFolders(old, other)).difference, 'run/a.bin: byte 2 is 99, then 100');
    const less = side('less', { 'result.json': document('less') });
    assert.is((await compareFolders(old, less)).difference, 'run/a.bin is missing in the new one');
    const none = side('none', { 'result.json': '{}' });
    assert.is(
      (await compareFolders(old, none)).difference,
      'result.json: run is missing in the new one (files that differ beside it: 1)',
    );
    const elsewhere = side('elsewhere', { 'result.json': document('nowhere'), 'run/a.bin': 'abc' });
    assert.match((await compareFolders(old, elsewhere)).difference, /^result\.json: run is /);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

test('the recipes are many, each of its own name, and have every choice of the recipe', async () => {
  const entries: readonly Entry[] = RECIPES;
  assert.ok(entries.length >= 30, `${entries.length} recipes`);
  assert.is(new Set(entries.map(({ name }) => name)).size, entries.length);
  const choices = await import('#src/recipe/choices');
  const values = (option: string) => entries.map(({ options }) => ({ ...COMMON, ...options })[option]);
  const CHOICES = {
    strategy: choices.STRATEGIES,
    optimizer: choices.OPTIMIZERS.filter((name) => name !== 'adamw'),
    schedule: choices.SCHEDULES.filter((name) => name !== 'cosine'),
    head: choices.HEADS.filter((name) => name !== 'logistic'),
    device: ['cpu', 'webgpu'],
    precision: ['mixed'],
    memory: ['low'],
    sampling: ['balanced'],
    batchNorm: ['train', 'frozen'],
  };
  for (const [option, wanted] of Object.entries(CHOICES)) {
    const missing = wanted.filter((value) => !values(option).includes(value));
    assert.equal(missing, [], option);
  }
  const METHODS =
    'mixup cutmix labelSmoothing randomErasing stochasticDepth sam ema l2Sp lrDecay classWeights microBatch';
  for (const option of METHODS.split(' '))
    assert.ok(
      values(option).some((value) => value !== undefined),
      option,
    );
  assert.ok(entries.some(({ stop }) => stop !== undefined));
  const commands = entries.flatMap(({ after = [] }) => after).join('\n');
  for (const command of ['predict', 'evaluate', 'explain', 'convert', 'advise', 'compare', 'report'])
    assert.match(commands, new RegExp(`^${command} `, 'm'));
  for (const ending of ['safetensors', 'pth', 'onnx', 'h5', 'json']) assert.match(commands, `OUT.${ending}`);
});

test.run();
