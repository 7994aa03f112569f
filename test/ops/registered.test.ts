/**
 * What the files of src/ops and shaders have is in the tables that everything else goes by, and what is public is exported.
 * The tables' names are their own keys, so nothing else would miss an entry: removed with its tests, it would be gone
 * without a word.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ceilingKernels } from '#src/device/ceilings';
import { halfCopyKernel } from '#src/device/half-copy';
import type { Kernel, Pass } from '#src/device/kernel';
import { selfTestKernel } from '#src/device/self-test';
import { subgroupTestKernel } from '#src/device/subgroup-test';
import * as library from '#src/index';
import { kernels } from '#src/ops/kernels';
import { operations } from '#src/ops/operations';
import { RECOMPUTABLE } from '#src/ops/recomputable';
import type { Operation } from '#src/tensor/tape';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameSet } from '../same-set.js';

const folder = (path: string) => fileURLToPath(new URL(`../../../${path}/`, import.meta.url));
const below = (path: string) =>
  readdirSync(folder(path), { recursive: true, encoding: 'utf8' }).map((file) => file.split(sep).join('/'));
/** Paths below src/ops, without `.ts`. */
const files = below('src/ops')
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''));

/** Functions of tensors that are of other folders here, and why users have no use for them. */
const NOT_PUBLIC: Readonly<Record<string, string>> = {
  apply: 'records an operation',
  operand: 'takes numbers beside tensors',
  batchMoments: 'nn/batch-norm.ts is what users have',
  batchNormTraining: 'nn/batch-norm.ts is what users have',
};

const shaders = below('shaders').filter((file) => file.endsWith('.wgsl'));

/** What devices run for themselves. */
const DEVICE_KERNELS = [
  ...Object.values<Kernel>(ceilingKernels),
  ...[halfCopyKernel, selfTestKernel, subgroupTestKernel],
] as readonly Kernel[];

/** Of bench/lib/matmul-versions.mjs. */
const LIBRARIES_OF_VERSIONS = ['matmul-version-scalar.wgsl', 'matmul-version-vec4.wgsl'];

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isKernel = (value: unknown): value is Kernel =>
  isObject(value) && 'bindings' in value && 'shader' in value && 'cpu' in value;
const isOperation = (value: unknown): value is Operation<unknown> =>
  isObject(value) && 'shape' in value && 'forward' in value && 'gradient' in value;

/** What a file exports, and what its functions have as properties, as `relu` has its kernels. */
async function exportedBy(file: string): Promise<unknown[]> {
  const exported = Object.values(await import(`#src/ops/${file}`));
  return exported.flatMap((value) => [value, ...(typeof value === 'function' ? Object.values(value) : [])]);
}

async function everything(): Promise<unknown[]> {
  return (await Promise.all(files.map(exportedBy))).flat();
}

function shadersOf({ shader }: Kernel): Pass[] {
  return Object.values(shader.variants).flatMap((variant) => [...(variant.before ?? []), variant]);
}

test('every kernel of a file is in the table', async () => {
  const found = (await everything()).filter(isKernel);
  assertSameSet(
    Object.values(kernels).map(({ name }) => name),
    found.map(({ name }) => name),
    'src/ops/kernels.ts',
  );
});

test('every operation of a file is in the table', async () => {
  const found = (await everything()).filter(isOperation);
  assertSameSet(
    Object.values(operations).map(({ name }) => name),
    found.map(({ name }) => name),
    'src/ops/operations.ts',
  );
});

test('every function of tensors is exported to users', () => {
  const functions = files.flatMap((file) => {
    const declared = readFileSync(`${folder('dist/ops')}${file}.d.ts`, 'utf8');
    const named = [...declared.matchAll(/^export declare function (\w+)[^\n]*\bTensorLike\b/gm)];
    const unary = [...declared.matchAll(/^export declare const (\w+): [^\n]*\bUnaryOperation</gm)];
    return [...named, ...unary].map(([, name]) => name);
  });
  assert.ok(functions.includes('conv2d') && functions.includes('relu'), functions.join(', '));
  assertSameSet(
    Object.keys(library).filter((name) => functions.includes(name)),
    functions.filter((name) => !Object.hasOwn(NOT_PUBLIC, name)),
    'src/ops/index.ts; pointwise/unary-operations.ts for one of one tensor, element by element',
  );
});

test('every layer is exported to users', async () => {
  const layers: string[] = [];
  for (const file of readdirSync(folder('src/nn')).filter((name) => name.endsWith('.ts'))) {
    const exported = await import(`#src/nn/${file.replace(/\.ts$/, '')}`);
    for (const [name, value] of Object.entries(exported))
      if (typeof value === 'function' && value.prototype instanceof library.Module) layers.push(name);
  }
  assert.ok(layers.includes('Conv2d'), layers.join(', '));
  assertSameSet(
    Object.keys(library).filter((name) => layers.includes(name)),
    layers,
    'src/nn/index.ts and src/index.ts',
  );
});

test('every shader is that of a kernel', () => {
  const passes = [...Object.values<Kernel>(kernels), ...DEVICE_KERNELS].flatMap(shadersOf);
  assertSameSet(
    passes.map(({ file }) => file),
    shaders.filter((file) => !/^(?:lib|matmul-versions)\//.test(file)),
    'a variant of a kernel in src/ops names its file',
  );
  assertSameSet(
    [...passes.flatMap(({ libraries = [] }) => libraries), ...LIBRARIES_OF_VERSIONS].map(
      (file) => `lib/${file}`,
    ),
    shaders.filter((file) => file.startsWith('lib/')),
    'a variant of a kernel names its libraries',
  );
});

test('a shader lies in the folder of a kernel that runs it', async () => {
  const homes = new Set(DEVICE_KERNELS.flatMap(shadersOf).map(({ file }) => `${file} in device`));
  for (const file of files.filter((path) => path.includes('/'))) {
    const passes = (await exportedBy(file)).filter(isKernel).flatMap(shadersOf);
    for (const pass of passes) homes.add(`${pass.file} in ${dirname(file)}`);
  }
  const used = new Set([...homes].map((home) => home.split(' ')[0]!));
  assert.ok(used.size > 80, `${used.size} shaders`);
  const astray = [...used].filter((file) => !homes.has(`${file} in ${dirname(file)}`));
  assert.equal(astray, []);
});

test('names stand in the tables alone: the types are their keys, and other lists name nothing that is gone', () => {
  for (const table of ['kernels', 'operations']) {
    const text = readFileSync(`${folder('src/ops')}${table}.ts`, 'utf8');
    assert.match(text, new RegExp(`^export type \\w+Name = keyof typeof ${table};$`, 'm'));
    assert.not.match(text, /^ *\| '\w+'/m, `${table}.ts has a union beside its table`);
  }
  const known = new Set(Object.values<Kernel>(kernels).map(({ name }) => name));
  assert.equal(
    [...RECOMPUTABLE].filter((name) => !known.has(name)),
    [],
  );
});

test('the codes of pointwise SIMD stand in one file, which TypeScript and AssemblyScript read', () => {
  const declared = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: i32)? = \d+;/gm;
  const codes = [
    ...readFileSync(`${folder('src/ops')}pointwise/pointwise-codes.ts`, 'utf8').matchAll(declared),
  ];
  assert.ok(codes.length > 20);
  for (const reader of ['src/ops/pointwise/pointwise-simd.ts', 'src/device/cpu/simd/pointwise.ts']) {
    const text = readFileSync(`${folder('.')}${reader}`, 'utf8');
    assert.match(text, /from '[./]+(?:ops\/pointwise\/)?pointwise-codes(?:\.js)?'/);
    for (const [, name] of codes) assert.not.match(text, new RegExp(`const ${name}\\b`), reader);
  }
});

test('of two large sets only the difference is told', () => {
  const many = Array.from({ length: 200 }, (_, i) => `kernel${i}`);
  let told = 'nothing';
  try {
    assertSameSet([...many, 'gone'], [...many, 'new'], 'ops/kernels.ts');
  } catch (error) {
    told = (error as Error).message;
  }
  assert.is(told, 'missing: new; not expected: gone (ops/kernels.ts)');
});

test.run();
