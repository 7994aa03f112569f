/** Where and with what a benchmark ran. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../dist/text.js';

/** Dawn and the peers, by the folder of node_modules that holds them. */
const DAWN = { webgpu: '../../node_modules/webgpu' };
const PEERS = {
  '@tensorflow/tfjs-core': '../node_modules/@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-webgpu': '../node_modules/@tensorflow/tfjs-backend-webgpu',
  '@jax-js/jax': '../node_modules/@jax-js/jax',
  '@tensorflow/tfjs-backend-wasm': '../node_modules/@tensorflow/tfjs-backend-wasm',
};

/** `peers`: whether they took part, so that their versions matter. */
export function describeMachine({ peers }) {
  const packages = peers ? { ...DAWN, ...PEERS } : DAWN;
  return {
    date: new Date().toISOString(),
    command: commandLine(process.argv.slice(1)),
    version: version('../..'),
    commit: commit(),
    node: process.version,
    packages: Object.fromEntries(Object.entries(packages).map(([name, folder]) => [name, version(folder)])),
    processor: cpus()[0].model.trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    loadBefore: loadavg()[0],
  };
}

function version(folder) {
  return JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).version;
}

/** What is typed at the top of the repository to run a program with its flags; `--save` decides nothing that is measured. */
export function commandLine([program, ...words]) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const kept = words.filter((word, i) => word !== '--save' && words[i - 1] !== '--save');
  return ['node', relative(root, program).replaceAll('\\', '/'), ...kept.map((word) => shellWord(word))].join(
    ' ',
  );
}

/** attune's commit, with `-dirty` where files differ from it; null outside a checkout. */
function commit() {
  try {
    const folder = new URL('.', import.meta.url);
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: folder, encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
