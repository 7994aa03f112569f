/** The house keeps its order: which folder may import which, and files that a reader can hold in mind. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkImports, type ImportRules, importsOf, type SourceFile } from './imports/checker.js';

const RULES: ImportRules = {
  folders: [
    'examples',
    'cli',
    'report',
    'finetune',
    'training',
    'runs',
    'recipe',
    'methods',
    'tasks',
    'inputs',
    'models',
    'weights',
    'formats',
    'optim',
    'nn',
    'engine',
    'ops',
    'tensor',
    'program',
    'device',
  ],
  rooms: {
    cli: ['definitions', 'commands', 'tasks', '.'],
    report: ['.', 'compare', 'page', 'gather', 'tasks', 'charts', 'html', 'run', 'explain'],
    finetune: ['.', 'advise', 'convert', 'run', 'bench'],
    training: ['.', 'tensorboard', 'heads', 'step', 'inference', 'profile'],
    runs: ['.', 'data'],
    tasks: ['.', 'heads', 'metrics'],
    // Kinds of samples, none of which knows another.
    inputs: ['*', '.'],
    models: ['export', '.'],
    formats: ['any-format', 'tfjs', 'keras', 'onnx', 'hdf5', '.'],
    ops: [
      '.',
      ...[
        'attention',
        'loss',
        'image',
        'pool',
        'norm',
        'conv2d',
        'product',
        'update',
        'reduce',
        'pointwise',
        'shape',
        'core',
      ],
    ],
    device: ['cpu', 'webgpu', '.'],
  },
  roots: ['index.ts', 'cpu-worker.ts'],
  shared: [
    'errors.ts',
    'extremes.ts',
    'interruption.ts',
    'machine-fault.ts',
    'nearest.ts',
    'option-names.ts',
    'pauses.ts',
    'short-list.ts',
    'text.ts',
  ],
  platform: [
    /^(?:examples|cli|report|finetune|training|runs|inputs|weights)\//,
    /^formats\/(?:file|folders|inflate|regular-file)\.ts$/,
    // A recipe may be a file, and names others.
    /^recipe\/(?:names-only|parse-recipe|recipes)\.ts$/,
    /^device\/[^/]+\/node\.ts$/,
    /^(?:index|cpu-worker)\.ts$/,
  ],
  withoutPackages: ['optim', 'nn', 'ops', 'tensor', 'program', 'device'],
  typeCircles: [],
};

/** Files that name each other's types, and would be harder to read in any other cut. */
const TYPE_CIRCLES: ImportRules['typeCircles'] = [
  {
    files: ['tensor/tensor.ts', 'tensor/tape.ts', 'tensor/parameter.ts'],
    reason:
      'a tensor has the node that made it, whose inputs are tensors, and may be a parameter, which is read as a tensor: each is a chapter of its own',
  },
  {
    files: ['program/device.ts', 'program/state.ts'],
    reason: 'a device makes states, and a state tells its users the device that it is on',
  },
];

/** Lines of a source file: above the first it is reported, above the second the test fails. */
const MANY_LINES = 400;
const TOO_MANY_LINES = 450;

/** Files that are one long table. */
const TABLES = ['models/imagenet-table.ts'];

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const files: SourceFile[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((path) => path.split(sep).join('/'))
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(source + path, 'utf8') }));

test('imports go down the list of folders, and in no circle', () => {
  // AssemblyScript is compiled by itself and has imports of its own kind.
  const typeScript = files.filter(({ path }) => !path.includes('/simd/'));
  assert.ok(typeScript.length > 0);
  assert.equal(checkImports(typeScript, { ...RULES, typeCircles: TYPE_CIRCLES }), []);
});

/**
 * Folders with a door, and how many imports from other folders come past it, because a caller shall not load all that stands
 * behind it, or because it is a type of a neighbour. Whoever makes one fewer lowers the number.
 */
const PAST_DOORS: Readonly<Record<string, number>> = {
  report: 2,
  finetune: 23,
  methods: 0,
  tasks: 35,
  inputs: 10,
  models: 2,
  weights: 5,
  formats: 8,
  optim: 2,
  nn: 59,
  ops: 94,
};

test('no more imports than before come past the door of a folder', () => {
  const past: Record<string, number> = {};
  const doors = files.flatMap(({ path }) => (/^[^/]+\/index\.ts$/.test(path) ? [path.split('/')[0]!] : []));
  for (const folder of doors) past[folder] = 0;
  for (const { path, text } of files) {
    if (!path.includes('/') || path.includes('/simd/')) continue;
    for (const { specifier } of importsOf(text)) {
      const target = posix.join(posix.dirname(path), specifier);
      const folder = target.split('/')[0]!;
      if (!specifier.startsWith('.') || folder === path.split('/')[0] || !doors.includes(folder)) continue;
      if (target !== `${folder}/index.js`) past[folder]!++;
    }
  }
  assert.equal(past, PAST_DOORS);
});

test('no source file is too long', () => {
  const tooLong: string[] = [];
  for (const { path, text } of files) {
    const lines = text.split('\n').length - 1;
    if (lines <= MANY_LINES || TABLES.includes(path)) continue;
    console.log(`# src/${path} has ${lines} lines`);
    if (lines > TOO_MANY_LINES) tooLong.push(path);
  }
  assert.equal(tooLong, []);
});

test('finds every form of import', () => {
  const text = [
    "import a from './a.js';",
    "import b, { type B } from './b.js';",
    "import * as c from './c.js';",
    "import './d.js';",
    'import {',
    '  e,',
    "} from './e.js';",
    "import type { F } from './f.js';",
    "export * from './g.js';",
    "export { h } from './h.js';",
    "export type { I } from './i.js';",
    "// import './commented.js';",
    "/* import('./commented.js') */",
    "const url = 'http://example.com'; // import('./commented.js')",
    "export const label = 'from';",
    "const j = await import('./j.js');",
    "let k: import('./k.js').K;",
  ].join('\n');
  const imports = importsOf(text);
  assert.equal(
    imports.map(({ specifier }) => specifier),
    [...'abcdefghijk'].map((letter) => `./${letter}.js`),
  );
  assert.equal(
    imports.filter(({ typeOnly }) => typeOnly).map(({ specifier }) => specifier),
    ['./f.js', './i.js'],
  );
  assert.equal(
    imports.filter(({ dynamic }) => dynamic).map(({ specifier }) => specifier),
    ['./j.js', './k.js'],
  );
});

const breaches: [name: string, path: string, text: string, problem: RegExp][] = [
  ['up the list', 'nn/linear.ts', "import { fit } from '../finetune/fit.js';", /finetune stands above nn/],
  ['up, by its type', 'ops/add.ts', "import type { Linear } from '../nn/linear.js';", /nn stands above ops/],
  ['up, exported', 'ops/add.ts', "export * from '../nn/linear.js';", /nn stands above ops/],
  ['up, at run time', 'ops/add.ts', "await import('../nn/linear.js');", /nn stands above ops/],
  ['what is no literal', 'cli/main.ts', 'await import(name);', /must be one literal/],
  ['what is part literal', 'cli/main.ts', "await import('./' + name);", /must be one literal/],
  ['up inside a folder', 'ops/core/a.ts', "import '../shape/b.js';", /shape stands above core in ops/],
  ['up from files beside', 'inputs/disk.ts', "import './image/a.js';", /image stands above \. in inputs/],
  ['beside it', 'inputs/series/a.ts', "import '../image/b.js';", /image stands beside series in inputs/],
  ['an unlisted room', 'tasks/new/a.ts', "import '../task.js';", /new is no listed folder of tasks/],
  ['from an unlisted folder', 'misc/a.ts', '', /in no listed folder/],
  ['from an unlisted file', 'misc.ts', '', /in no listed folder/],
  ['an unlisted folder', 'cli/main.ts', "import '../misc/a.js';", /in no listed folder/],
  ['a root', 'cli/main.ts', "import { open } from '../index.js';", /nothing imports a root/],
  ['down from a shared file', 'errors.ts', "import './device/kernel.js';", /only its like/],
  ['by the name of the tests', 'cli/main.ts', "import '#src/index';", /relative paths/],
  ['out of src', 'cli/main.ts', "import '../../test/run.mjs';", /outside src/],
  ['node in the engine', 'ops/add.ts', "import { cpus } from 'node:os';", /only the platform side/],
  ['node without its prefix', 'ops/add.ts', "import { cpus } from 'os';", /only the platform side/],
  ['node in a parser', 'formats/safetensors.ts', "import 'node:fs';", /only the platform side/],
  ['webgpu in a device', 'device/webgpu/device.ts', "import 'webgpu';", /only the platform side/],
  ['a package in the engine', 'tensor/tensor.ts', "import * as v from 'valibot';", /imports no package/],
];
for (const [name, path, text, problem] of breaches) {
  test(`refuses an import: ${name}`, () => {
    const problems = checkImports([{ path, text }], RULES);
    assert.is(problems.length, 1, problems.join('\n'));
    assert.match(problems[0]!, problem);
  });
}

test('accepts what the design permits', () => {
  const permitted = [
    {
      path: 'index.ts',
      text: "import 'node:fs';\nexport * from './cli/main.js';\nexport * from './device/kernel.js';",
    },
    { path: 'examples/train.ts', text: "import { open } from '../index.js';" },
    { path: 'device/webgpu/node.ts', text: "const { create } = await import('webgpu');\nimport 'node:os';" },
    { path: 'device/kernel.ts', text: "import { AttuneError } from '../errors.js';" },
    { path: 'formats/file.ts', text: "import { open } from 'node:fs/promises';\nimport './bytes.js';" },
    { path: 'inputs/image/decode.ts', text: "import sharp from 'sharp';\nimport '../disk.js';" },
    { path: 'inputs/another/row.ts', text: "import '../disk.js';" },
    { path: 'inputs/index.ts', text: "export * from './image/decode.js';" },
    { path: 'cli/main.ts', text: "import './definitions/run.js';" },
  ];
  assert.equal(checkImports(permitted, RULES), []);
});

test('refuses a circle of values, in or between folders, and one of types that is not listed', () => {
  const circle = (last: string) => [
    { path: 'ops/a.ts', text: "import { b } from './b.js';" },
    { path: 'ops/b.ts', text: "import { c } from './c.js';" },
    { path: 'ops/c.ts', text: last },
  ];
  assert.equal(checkImports(circle("import { a } from './a.js';"), RULES), [
    'files import each other in a circle: ops/a.ts > ops/b.ts > ops/c.ts > ops/a.ts',
  ]);
  const ofTypes = circle("import type { A } from './a.js';");
  assert.equal(checkImports(ofTypes, RULES), [
    "files name each other's types in a circle: ops/a.ts, ops/b.ts, ops/c.ts",
  ]);
  const withCircle = (...paths: string[]) => ({
    ...RULES,
    typeCircles: [{ files: paths, reason: 'a test' }],
  });
  assert.equal(checkImports(ofTypes, withCircle('ops/c.ts', 'ops/b.ts', 'ops/a.ts')), []);
  assert.equal(checkImports(ofTypes, withCircle('ops/a.ts', 'ops/b.ts')), [
    "files name each other's types in a circle: ops/a.ts, ops/b.ts, ops/c.ts",
    'there is no such circle: ops/a.ts, ops/b.ts',
  ]);
  assert.equal(checkImports(circle(''), withCircle('ops/a.ts', 'ops/b.ts')), [
    'there is no such circle: ops/a.ts, ops/b.ts',
  ]);
});
test.run();
