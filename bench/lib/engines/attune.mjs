/** attune's ResNet50, as a user of the library opens, runs and trains it. */
import { createRequire } from 'node:module';
import { open } from '../../../dist/engine/open.js';
import { resnet50 } from '../../../dist/models/index.js';
import { loadStateDict } from '../../../dist/nn/index.js';
import { tensor } from '../../../dist/tensor/tensor.js';
import { attuneTraining } from '../attune-training.mjs';
import { profileRow } from '../profile.mjs';
import { OPTIMIZER, stateEntries } from '../resnet50-weights.mjs';

const { version } = createRequire(import.meta.url)('../../../package.json');

/** What a profile gives the programs for their step values: as many as there may be, all zero. */
const STEP_VALUES = Array.from({ length: 64 }, () => ({ kind: 'float', value: 0 }));

/** Opens device 'cpu' or 'webgpu' (with the adapter of that name) with these weights on it, for this task. */
export async function openAttune(kind, { task, adapter, weights, batch, side }) {
  const device = await open(kind, kind === 'webgpu' ? { adapter } : { threads: 1 });
  const { backend } = device;
  // A run's programs (a training step has two), kept to be profiled.
  const programs = [];
  const prepare = backend.prepare.bind(backend);
  backend.prepare = async (commands) => {
    const prepared = await prepare(commands);
    programs.push(prepared);
    return prepared;
  };

  const model = resnet50();
  await loadStateDict(model, stateEntries(weights));
  await model.to(device);
  const infer = (images) => device.run(() => model.forward(tensor(images, [batch, side, side, 3])));
  const run = task === 'training' ? trainer(device, model, side) : infer;
  const software = device.info.software ? ' (software)' : '';
  const features =
    kind === 'cpu' ? ` (one thread, ${device.info.features.join(', ') || 'no SIMD'})` : software;
  return {
    name: `attune ${version} ${kind}`,
    adapter: device.info.adapter,
    setting: `${device.info.adapter}${features}`,
    run,
    counters: () => ({ ...device.counters }),
    async profile() {
      const times = [];
      for (const prepared of programs) times.push(...(await backend.profile(prepared, STEP_VALUES)));
      return times.map(profileRow);
    },
  };
}

function trainer(device, model, side) {
  const training = attuneTraining(device, model, { side, ...OPTIMIZER });
  return async (images, labels) => [await training.step(images, labels)];
}
