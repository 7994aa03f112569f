/**
 * What is mutated, and which tests concern it: the loops and gradients of src/ops (in their built form), the shaders,
 * and the SIMD kernels. Tests are named as below build/test, the ones most likely to fail first: a mutant is
 * finished at the first failure.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, sep } from 'node:path';
import { type KernelName, kernels } from '#src/ops/kernels';
import { type Mutation, mutationsOf } from './operators.js';
import type { Language } from './source.js';

export interface Target {
  /** Path within the repository of the file that is changed. */
  readonly file: string;
  /** The file that a reader would open. */
  readonly name: string;
  readonly language: Language;
  readonly source: string;
  readonly mutations: readonly Mutation[];
  readonly tests: readonly string[];
}

const LOOP_TESTS = ['loops', 'golden', 'gradients', 'edges', 'kernels', 'fusions', 'backward'].map(
  (name) => `ops/${name}`,
);

/** Random shapes on a GPU, with the loops as judge: slow to start, so only what nothing else found comes here. */
const LAST_LOOP_TEST = 'ops/kernels.webgpu';

const OWN_LOOP_TESTS: readonly [files: RegExp, ...tests: string[]][] = [
  [/^(?:conv2d|packed|epilogue)/, 'ops/conv2d/conv2d-kernel', 'ops/conv2d/conv2d-gradient'],
  [/^(?:matmul|packed|epilogue)/, 'ops/product/matmul-kernel'],
  [/pool/, 'ops/pool/pool-kernels', 'ops/pool/max-pool-gradient'],
  [/^(?:adam|rmsprop|sgd|gradient-gate)/, 'optim/golden', 'optim/gate'],
  [/^(?:running|accumulate|gradient-gate)/, 'nn/module', 'program/device'],
];

const OWN_SHADER_TESTS: Readonly<Partial<Record<KernelName, string>>> = {
  conv2d: 'ops/conv2d/conv2d-kernel-small.webgpu.slow',
  conv2dInputGradient: 'ops/conv2d/conv2d-gradient-small.webgpu.slow',
  conv2dWeightGradient: 'ops/conv2d/conv2d-gradient-small.webgpu.slow',
  globalAveragePool: 'ops/pool/pool-kernels.webgpu',
  matmul: 'ops/product/matmul-kernel.webgpu',
  maxPool2d: 'ops/pool/pool-kernels.webgpu',
  maxPool2dGradient: 'ops/pool/max-pool-gradient.webgpu',
};

/** Shaders of variants that only the slow share runs (test/ops/variant-share.ts). */
const SLOW_VARIANTS: readonly [path: RegExp, ...tests: string[]][] = [
  [/winograd/, 'ops/conv2d/conv2d-gradient.webgpu.slow', 'ops/conv2d/conv2d-kernel.webgpu.slow'],
  [/matmul-split|parts/, 'ops/product/matmul-kernel.webgpu.slow', 'ops/conv2d/conv2d-split.webgpu.slow'],
];

const SHADER_TESTS = [
  'ops/golden',
  'ops/edges',
  'ops/fusions',
  'optim/golden',
  'optim/gate',
  'tensor/philox',
].map((name) => `${name}.webgpu`);

const SIMD_TESTS = ['loops', 'matmul', 'conv2d', 'conv2d-gradient', 'winograd'].map(
  (name) => `device/cpu-simd-${name}`,
);

/** All files with something to mutate, read from the repository at `root`. */
export function targetsIn(root: string): Target[] {
  return [...loops(root), ...shaders(root), ...simd(root)].filter(({ mutations }) => mutations.length > 0);
}

function target(
  root: string,
  language: Language,
  file: string,
  name: string,
  tests: readonly string[],
): Target {
  const source = readFileSync(`${root}/${file}`, 'utf8');
  return {
    file,
    name,
    language,
    source,
    mutations: mutationsOf(source, language),
    tests: [...new Set(tests)],
  };
}

function loops(root: string): Target[] {
  const files = readdirSync(`${root}/src/ops`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && existsSync(`${root}/dist/ops/${built(file)}`))
    .map((file) => file.split(sep).join('/'));
  return files.map((file) => {
    const own = OWN_LOOP_TESTS.flatMap(([pattern, ...tests]) => (pattern.test(basename(file)) ? tests : []));
    const tests = [...own, ...LOOP_TESTS, LAST_LOOP_TEST];
    return target(root, 'javascript', `dist/ops/${built(file)}`, `src/ops/${file}`, tests);
  });
}

const built = (file: string) => file.replace(/\.ts$/, '.js');

/** The tests of a shader are those of the kernels that it is a part of. */
function shaders(root: string): Target[] {
  const tests = new Map<string, string[]>();
  for (const [name, { shader }] of Object.entries(kernels)) {
    const passes = Object.values(shader.variants).flatMap((variant) => [...(variant.before ?? []), variant]);
    for (const { file, libraries = [] } of passes) {
      const test = OWN_SHADER_TESTS[name as KernelName] ?? 'ops/kernels.webgpu';
      for (const path of [file, ...libraries.map((library) => `lib/${library}`)])
        tests.set(path, [...(tests.get(path) ?? []), test]);
    }
  }
  return [...tests].map(([path, own]) => {
    const file = `shaders/${path}`;
    const slow = SLOW_VARIANTS.flatMap(([pattern, ...tests]) => (pattern.test(path) ? tests : []));
    return target(root, 'wgsl', file, file, [...slow, ...own.sort(), ...SHADER_TESTS]);
  });
}

function simd(root: string): Target[] {
  const folder = 'src/device/cpu/simd';
  const files = readdirSync(`${root}/${folder}`).filter(
    (file) => file.endsWith('.ts') && file !== 'index.ts',
  );
  return files.map((file) => {
    // The tests whose name begins like the file come first.
    const [word] = file.split(/[-.]/);
    const tests = [...SIMD_TESTS].sort((a, b) => Number(b.includes(word)) - Number(a.includes(word)));
    return target(root, 'assemblyscript', `${folder}/${file}`, `${folder}/${file}`, [
      ...tests,
      'ops/kernels',
    ]);
  });
}
