/**
 * Packs what a Linux machine with a GPU, but without npm or network, needs to be measured: this Node, Dawn, attune with
 * the packages that it needs, and the benchmarks with the peers that are packages, as one archive of less than 60 MB. README.md has the rest.
 *
 *     npm run build && npm ci --prefix bench && node bench/bundle/make.mjs [--out attune-bench.tar.xz]
 */
import { execFileSync } from 'node:child_process';
import { chmod, cp, copyFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { requireInstalled, runMain } from '../lib/program.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NAME = 'attune-bench';
const MOST_BYTES = 60e6;

/** Of the benchmarks: what compares with PyTorch, and with TensorFlow.js and jax-js on one adapter. */
const BENCHMARKS = [
  ...['bench/torch.mjs', 'bench/software.mjs', 'bench/lib', 'bench/parity/python.mjs'],
  'bench/package.json',
];
/** Peers for Node's `require`, which tells what they load; and one that is a folder of modules. */
const PEERS = ['tfjs-core', 'tfjs', 'tfjs-backend-webgpu', 'tfjs-backend-wasm'].map(
  (name) => `@tensorflow/${name}`,
);
const MODULE_PEER = 'bench/node_modules/@jax-js/jax';
const PACKAGE = ['package.json', 'LICENSE', 'dist', 'shaders', 'src/cli/attune.mjs', ...BENCHMARKS];
/** Neither the compiler's notes nor the source of a program helps there. */
const LEFT_OUT = /\.(?:map|d\.[mc]?ts)$|\/__pycache__(?:\/|$)/;
/** Where distributions keep the Vulkan loader: a spare one for a machine that has a driver alone. */
const LOADER_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

await runMain('bundle', main);

async function main() {
  const { values: options } = parseArgs({
    options: { out: { type: 'string', default: `${NAME}.tar.xz` } },
  });
  if (process.platform !== 'linux') throw new Error('an archive for Linux is packed on Linux');
  requireInstalled({ peers: true });
  const out = resolve(options.out);
  const staging = await mkdtemp(join(tmpdir(), `${NAME}-`));
  try {
    await gather(join(staging, NAME));
    // Two threads where there are two: xz takes most of the time.
    execFileSync('tar', ['--create', '--xz', `--file=${out}`, '--owner=0', '--group=0', NAME], {
      cwd: staging,
      env: { ...process.env, XZ_OPT: '-6 -T0' },
    });
  } finally {
    await rm(staging, { recursive: true });
  }
  const { size } = await stat(out);
  console.log(`${out}: ${(size / 1e6).toFixed(1)} MB`);
  if (size >= MOST_BYTES) throw new Error(`the archive is larger than ${MOST_BYTES / 1e6} MB`);
}

async function gather(folder) {
  const filter = (path) => !LEFT_OUT.test(path);
  for (const path of PACKAGE) await cp(join(ROOT, path), join(folder, path), { recursive: true, filter });
  for (const path of await neededPackages()) {
    await cp(join(ROOT, path), join(folder, path), {
      recursive: true,
      filter: (from) => filter(from) && isHere(from),
    });
  }
  for (const path of peerFiles()) {
    await cp(join(ROOT, path), join(folder, path), {
      recursive: true,
      filter: (from) => filter(from) && !from.endsWith('.cjs'),
    });
  }
  await packNode(join(folder, 'node'));
  for (const name of ['run.sh', 'README.md']) {
    await copyFile(new URL(name, import.meta.url), join(folder, name));
  }
  await chmod(join(folder, 'run.sh'), 0o755);
  await packLoader(join(folder, 'lib'));
}

/** The packages that attune has at run time and that are installed here, nested ones included. */
async function neededPackages() {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  const names = Object.keys(packages).filter((path) => path !== '' && packages[path].dev !== true);
  const installed = await Promise.all(names.map((path) => stat(join(ROOT, path)).catch(() => null)));
  return names.filter((_, i) => installed[i] !== null);
}

/** What the peers load: 10 MB of the 330 that are installed of them. */
function peerFiles() {
  const require = createRequire(join(ROOT, 'bench/package.json'));
  for (const name of PEERS) require(name);
  const files = Object.keys(require.cache).map((path) => relative(ROOT, path));
  const loaded = files.filter((path) => path.startsWith('bench/node_modules/'));
  const packages = loaded.map((path) => /^bench\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)[0]);
  return [...loaded, ...[...new Set(packages)].map((path) => `${path}/package.json`), MODULE_PEER];
}

/** Dawn comes for all platforms in one package. */
function isHere(path) {
  const [, platform] = /\/webgpu\/dist\/([a-z0-9]+-[a-z0-9]+)(?:\/|$)/.exec(path) ?? [];
  return platform === undefined || platform === `${process.platform}-${process.arch}`;
}

/** The Node that runs this, without its symbols where `strip` is at hand. */
async function packNode(path) {
  await copyFile(process.execPath, path);
  await chmod(path, 0o755);
  try {
    execFileSync('strip', [path], { stdio: 'ignore' });
  } catch {
    console.error('there is no strip: Node is packed with its symbols');
  }
}

async function packLoader(folder) {
  for (const from of LOADER_FOLDERS) {
    const path = join(from, 'libvulkan.so.1');
    if ((await stat(path).catch(() => null)) === null) continue;
    await mkdir(folder, { recursive: true });
    await copyFile(path, join(folder, basename(path)));
    return;
  }
  console.error('this machine has no libvulkan.so.1: the other one must have its own');
}
