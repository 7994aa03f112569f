/**
 * The archive for a machine without npm or network: small enough, and what comes out of it runs with nothing in PATH but
 * a few of the coreutils, from a folder with a space in its name.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchDocument } from '#src/cli/commands/bench-text';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const SIZE_LIMIT = 60_000_000;
/** What run.sh calls beside the shell's own. */
const COREUTILS = ['cat', 'dirname', 'mkdir', 'tr'];

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'attune-bundle-'));
const bin = join(scratch, 'bin');
const unpacked = join(scratch, 'a machine');

/** Runs a program, and expects it to succeed. */
function run(command: string, words: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    cwd: scratch,
    env,
    encoding: 'utf8',
  });
  assert.is(status, 0, `${command} ${words.join(' ')}: ${error ?? stderr}`);
  return { stdout, stderr };
}

test('the archive has less than 60 MB, and runs where there is nothing', () => {
  if (process.platform !== 'linux') return;
  const archive = join(scratch, 'attune-bench.tar.xz');
  run(process.execPath, [join(root, 'bench/bundle/make.mjs'), '--out', archive]);
  const { size } = statSync(archive);
  console.log(`# the archive has ${(size / 1e6).toFixed(1)} MB`);
  assert.ok(size < SIZE_LIMIT, `${size} bytes`);

  mkdirSync(unpacked);
  run('tar', ['-xf', archive, '-C', unpacked]);
  mkdirSync(bin);
  for (const name of COREUTILS) {
    const folder = ['/usr/bin', '/bin'].find((candidate) => existsSync(join(candidate, name)));
    symlinkSync(join(folder!, name), join(bin, name));
  }
  const folder = join(unpacked, 'attune-bench');
  const before = readdirSync(folder);
  // It ends after some samples of each; the rest is for a busy machine.
  const words = ['--only', 'kernels', '--device', 'cpu', '--seconds', '120'];
  const { stdout } = run(join(folder, 'run.sh'), words, { PATH: bin });

  assert.match(stdout, /\n\| matmul 1152 x 1152 x 1152 \| .* \(cpu\) \| matmul simd \| /);
  assert.match(stdout, /\nBeside TensorFlow\.js and jax-js: not measured; /);
  assert.match(stdout, /\nBeside PyTorch: not measured; /);
  const results = join(folder, 'results');
  assert.equal(readdirSync(results).sort(), ['bench.json', 'bench.md', 'bench.svg']);
  const { rows } = JSON.parse(readFileSync(join(results, 'bench.json'), 'utf8')) as BenchDocument;
  assert.ok(rows.some(({ part }) => part === 'ceilings'));
  assert.equal(
    readdirSync(folder).filter((name) => !before.includes(name)),
    ['cache', 'results'],
  );
});

test('Dawn loads from the archive', () => {
  if (process.platform !== 'linux') return;
  const folder = join(unpacked, 'attune-bench');
  const code = "import('webgpu').then(({ create }) => console.log(typeof create([]).requestAdapter))";
  const { stdout } = spawnSync(join(folder, 'node'), ['--eval', code], { cwd: folder, encoding: 'utf8' });
  assert.is(stdout, 'function\n');
});

test('the peers load from the archive', () => {
  if (process.platform !== 'linux') return;
  const folder = join(unpacked, 'attune-bench');
  const names = ['tfjs', 'tfjs-backend-webgpu', 'tfjs-backend-wasm'].map((name) => `@tensorflow/${name}`);
  const code = `for (const name of ${JSON.stringify([...names, '@jax-js/jax'])}) await import(name);
    await import('./engines/browser-gpu.mjs');
    const { version_core } = await import('@tensorflow/tfjs-core');
    console.log(version_core);`;
  const program = join(folder, 'bench/lib/peers.mjs');
  writeFileSync(program, code);
  const { stdout } = run(join(folder, 'node'), [program], { PATH: bin });
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/m);
});

test.after(() => rmSync(scratch, { recursive: true, force: true }));
test.run();
