/** attune, as a user of the library opens, runs and trains a network. */
import { createRequire } from 'node:module';
import { open } from '../../../dist/engine/open.js';
import { tunedChoices } from '../../../dist/runs/tuning-cache.js';
import { freeze, loadStateDict } from '../../../dist/nn/index.js';
import { tensor } from '../../../dist/tensor/tensor.js';
import { attuneNetwork } from '../attune-networks.mjs';
import { attuneTraining } from '../attune-training.mjs';
import { profileRow } from '../profile.mjs';
import { OPTIMIZER, stateEntries } from '../resnet50-weights.mjs';

const { version } = createRequire(import.meta.url)('../../../package.json');

/** What a profile gives the programs for their step values: as many as there may be, all zero. */
const STEP_VALUES = Array.from({ length: 64 }, () => ({ kind: 'float', value: 0 }));

/**
 * Opens device 'cpu' (with so many threads) or 'webgpu' (with the adapter of that name, in `precision`), and a network with the
 * weights that `weights()` gives on it, for this task. `residentBefore`: the process's memory before the network.
 */
export async function openAttune(kind, { task, network, adapter, weights, batch, side, threads, precision }) {
  const choices = tunedChoices(); // of attune tune, as a run takes them
  const device = await open(kind, kind === 'webgpu' ? { adapter, precision, choices } : { threads });
  const residentBefore = process.memoryUsage.rss();
  const { backend } = device;
  // A run's programs (a training step has two), kept to be profiled.
  const programs = [];
  const prepare = backend.prepare.bind(backend);
  backend.prepare = async (commands) => {
    const prepared = await prepare(commands);
    programs.push(prepared);
    return prepared;
  };

  const model = attuneNetwork(network);
  await loadStateDict(model, stateEntries(weights()));
  if (task === 'inference') await freeze(model); // as attune predict does: no memory for gradients
  await model.to(device);
  const shape = [batch, side, side, network.channels];
  const infer = (images) => device.run(() => model.forward(tensor(images, shape)));
  const run = task === 'training' ? trainer(device, model, shape) : infer;
  return {
    name: `attune ${version} ${kind}${precision === 'mixed' ? ' mixed' : ''}`,
    ...whereOf(device, threads),
    residentBefore,
    run,
    counters: () => ({ ...device.counters }),
    async profile() {
      const times = [];
      for (const prepared of programs) times.push(...(await backend.profile(prepared, STEP_VALUES)));
      return times.map(profileRow);
    },
  };
}

/** Where a device computes: { adapter, setting }. */
export function whereOf({ info: { kind, adapter, software, features }, backend }, threads) {
  if (kind === 'webgpu') {
    const tuned = Object.keys(backend.choices ?? {}).length > 0;
    const words = [...(software ? ['software'] : []), ...(tuned ? ['tuned'] : [])].join(', ');
    return { adapter, setting: words === '' ? adapter : `${adapter} (${words})` };
  }
  const team = threads === 1 ? 'one thread' : `${threads} threads`;
  return { adapter, setting: `${adapter} (${team}, ${features.join(', ') || 'no SIMD'})` };
}

function trainer(device, model, shape) {
  const training = attuneTraining(device, model, { shape, ...OPTIMIZER });
  return async (images, labels) => [await training.step(images, labels)];
}
