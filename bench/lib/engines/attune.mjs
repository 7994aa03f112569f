/** attune's ResNet50, as a user of the library opens and runs it. */
import { createRequire } from 'node:module';
import { open } from '../../../dist/engine/open.js';
import { resnet50 } from '../../../dist/models/index.js';
import { loadStateDict } from '../../../dist/nn/index.js';
import { tensor } from '../../../dist/tensor/tensor.js';
import { profileRow } from '../profile.mjs';

const { version } = createRequire(import.meta.url)('../../../package.json');

/** Opens device 'cpu' or 'webgpu' (with the adapter of that name) with these weights on it. */
export async function openAttune(kind, { adapter, weights, batch, side }) {
  const device = await open(kind, kind === 'webgpu' ? { adapter } : { threads: 1 });
  const { backend } = device;
  let prepared = null;
  // The program that ran last, kept to be profiled.
  const prepare = backend.prepare.bind(backend);
  backend.prepare = async (commands) => {
    prepared = await prepare(commands);
    return prepared;
  };

  const model = resnet50();
  await loadStateDict(model, stateEntries(weights));
  await model.to(device);
  const software = device.info.software ? ' (software)' : '';
  const features =
    kind === 'cpu' ? ` (one thread, ${device.info.features.join(', ') || 'no SIMD'})` : software;
  return {
    name: `attune ${version} ${kind}`,
    adapter: device.info.adapter,
    setting: `${device.info.adapter}${features}`,
    run: (images) => device.run(() => model.forward(tensor(images, [batch, side, side, 3]))),
    counters: () => ({ ...device.counters }),
    async profile() {
      const times = await backend.profile(prepared);
      return times.map(profileRow);
    },
  };
}

function* stateEntries(weights) {
  for (const [name, { shape, data }] of weights) yield { name, dtype: 'F32', shape, read: async () => data };
}
