/** The parts of cpu.mjs: what is measured, beside whom, and what is demanded. */
import { enableRelaxedSimd } from '../../dist/device/cpu/node.js';
import { compareTask } from './compare-task.mjs';
import { mobilenetNetworks, RESNET50, SMALL } from './networks.mjs';
import { OPERATIONS } from './operations.mjs';
import { findAdapter } from './program.mjs';
import { measureSimd } from './simd-kernels.mjs';
import { measureScaling } from './thread-scaling.mjs';

const ATTUNE = { engine: 'attune', kind: 'cpu' };
/** The memory format in which PyTorch was the faster one at each task, on the machine of results/epyc-2-cores. */
const TORCH = { engine: 'torch', format: 'channels_last' };
const TORCH_TRAINING = { engine: 'torch', format: 'contiguous' };

/** On a software adapter: the same processor. */
const TFJS_WEBGPU = { engine: 'tfjs', kind: 'webgpu', adapter: 'llvmpipe' };

/** Rounds of what takes milliseconds, at least: one that another process interrupts must not decide. */
const LEAST_ROUNDS = 9;
const LEAST_LAUNCHES = 15;

const atMost = (ratio) => ({ sense: 'time', ratio });
const atLeast = (ratio) => ({ sense: 'speedup', ratio });

/** Each takes { threads, rounds }. */
export const CPU_PARTS = {
  kernels: ({ rounds }) => kernels(rounds),
  threads: ({ rounds }) => measureScaling(Math.max(LEAST_LAUNCHES, 2 * rounds)),
  resnet50,
  mobilenet,
  jax,
  memory,
};

async function kernels(rounds) {
  const builds = enableRelaxedSimd() ? ['plain', 'relaxed'] : ['plain'];
  const results = [];
  for (const build of builds) results.push(await measureSimd(build, rounds));
  return results;
}

function resnet50({ threads, rounds }) {
  const onCores = { ours: { ...ATTUNE, threads }, network: RESNET50, side: 224, batch: 4, rounds };
  const torch = (peer) => ({ ...peer, threads });
  return inTurn([
    { ...onCores, task: 'inference', peer: torch(TORCH), target: atMost(2) },
    { ...onCores, task: 'training', peer: torch(TORCH_TRAINING), target: atMost(2) },
    // tfjs in Node has one thread in any case.
    { ...onCores, task: 'inference', peer: { engine: 'tfjs', kind: 'wasm' }, target: atLeast(3) },
    {
      ...onCores,
      task: 'training',
      batch: 2,
      rounds: 1,
      peer: TFJS_WEBGPU,
      target: atLeast(25),
    },
  ]);
}

function mobilenet({ threads, rounds }) {
  const peer = { ...TORCH, threads };
  const comparisons = ['inference', 'training'].flatMap((task) =>
    mobilenetNetworks().map(({ name, network, side }) => ({
      ...{ name, task, network, side, peer },
      ours: { ...ATTUNE, threads },
      batch: 4,
      rounds: Math.max(LEAST_ROUNDS, rounds),
      target: atMost(3),
    })),
  );
  return inTurn(comparisons);
}

/** One thread each: jax-js has no more in Node. */
function jax({ rounds }) {
  const sides = { ours: ATTUNE, peer: { engine: 'jax' }, rounds, target: atLeast(1) };
  const operations = Object.keys(OPERATIONS).map((operation) => ({
    ...{ ...sides, name: operation, task: 'operation', operation, rounds: Math.max(LEAST_ROUNDS, rounds) },
  }));
  const training = {
    ...sides,
    name: 'training step, two convolutions at 56',
    task: 'training',
    network: SMALL,
  };
  return inTurn([...operations, { ...training, side: 56, batch: 4 }]);
}

/** The most resident memory, less what there was before the network was made. */
function memory({ threads }) {
  const sides = { ours: { ...ATTUNE, threads }, peer: { ...TORCH_TRAINING, threads }, target: atMost(2) };
  return inTurn([{ ...sides, task: 'training', network: RESNET50, side: 224, batch: 8, rounds: 2 }]);
}

async function inTurn(comparisons) {
  const results = [];
  for (const comparison of comparisons) {
    const { adapter, kind } = comparison.peer;
    if (adapter !== undefined) await findAdapter(adapter); // says so when there is none
    results.push(await compareTask({ ...comparison, sameAdapter: kind !== 'webgpu' }));
  }
  return results;
}
