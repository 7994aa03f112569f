/** Lists of any length: their extremes, and no argument list that is as long as they are. */
import { readdirSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Output } from '#src/cli/output';
import { maxOf, minOf } from '#src/extremes';
import { integerField, message } from '#src/formats/protobuf-write';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spreadsOf } from './imports/spreads.js';

const MANY = 300_000;

test('extremes are those of Math.max and Math.min, of lists that these refuse, too', () => {
  for (const values of [[], [3], [2, -1, 7], [1, Number.NaN, 5], [-Infinity], [-0, 0]]) {
    assert.ok(Object.is(maxOf(values), Math.max(...values)));
    assert.ok(Object.is(minOf(values), Math.min(...values)));
  }
  assert.equal([maxOf([1, 2], 5), minOf([1, 2], 0)], [5, 0]);
  const many = Float64Array.from({ length: MANY }, (_, i) => i);
  assert.equal([maxOf(many), minOf(many)], [MANY - 1, 0]);
});

test('as many lines, or fields of a message, as there are', () => {
  let written = '';
  const sink = { write: (text: string) => (written += text) };
  new Output(sink, sink).print(
    'first',
    Array.from({ length: MANY }, (_, i) => String(i)),
  );
  assert.is(written.split('\n').length, MANY + 2);
  const fields = Array.from({ length: MANY }, () => integerField(1, 1));
  assert.is(message(integerField(2, 1), fields).length, 2 * MANY + 2);
});

/** Calls whose spread arguments are a few by their nature, by their file. */
const FEW: Readonly<Record<string, readonly string[]>> = {
  'device/cpu/command.ts': ['compute', 'prepare', 'runShare'],
  'device/cpu/joined.ts': ['run!'],
  'device/simd-entry.ts': ['named'],
  'device/webgpu/launches.ts': ['encoder.dispatchWorkgroups'],
  'models/convnext.ts': ['Sequential'],
  'models/efficientnet.ts': ['Sequential'],
  'models/features-classifier.ts': ['Sequential'],
  'models/mobilenet-v2.ts': ['Sequential', 'activated'],
  'models/mobilenet-v3.ts': ['Sequential'],
  'models/resnet-blocks.ts': ['Sequential'],
  'models/vgg.ts': ['Sequential'],
  // What a user has written as arguments.
  'nn/layers.ts': ['Sequential'],
  'ops/conv2d/conv2d-gradient-variants.ts': ['chooseTile', 'tileCount'],
  'ops/conv2d/conv2d-kernel.ts': ['chooseTile', 'tileCount'],
  'optim/optimizer.ts': ['Object.assign'],
  'report/compare/compare.ts': ['mcnemar'],
};

test('no source file spreads a list of any length into arguments', () => {
  const source = fileURLToPath(new URL('../../src/', import.meta.url));
  const paths = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  assert.ok(paths.length > 400);
  const found = paths.flatMap((path) => {
    const name = path.split(sep).join('/');
    const spreads = spreadsOf(readFileSync(source + path, 'utf8'));
    return spreads
      .filter(({ callee }) => FEW[name]?.includes(callee) !== true)
      .map(({ callee, line }) => `src/${name}:${line} spreads a list into ${callee}`);
  });
  assert.equal(found, []);
});

test('a spread argument is found wherever it stands, and nothing else is taken for one', () => {
  const calleesOf = (source: string) => spreadsOf(source).map(({ callee }) => callee);
  const found: [string, string][] = [
    ['Math.max(...xs)', 'Math.max'],
    ['const most = Math.max(0, ...xs.map((x) => x[0]));', 'Math.max'],
    ['list.push(...(await more()));', 'list.push'],
    ['String.fromCharCode(\n  ...bytes,\n)', 'String.fromCharCode'],
    ['`${' + 'Math.max(...of)} and ${' + 'a}`', 'Math.max'],
    ["new Map([...a]); f('(', ...b)", 'f'],
    ['f(g([...a], { ...b }), ...c)', 'f'],
  ];
  for (const [source, callee] of found) assert.equal(calleesOf(source), [callee], source);
  const others = [
    'const all = [...a, ...b.map((x) => ({ ...x }))];',
    'f([...a], { ...b })',
    'function f(...xs: number[]): number { return 1; }',
    'const f = (...xs: number[]) => xs;',
    'class A { constructor(...xs: number[]) {} }',
    "// f(...xs)\n/* f(...xs) */ 'f(...xs)'; `f(...xs)`;",
    'const dots = /f(...x)/;',
  ];
  for (const source of others) assert.equal(calleesOf(source), [], source);
});

test.run();
