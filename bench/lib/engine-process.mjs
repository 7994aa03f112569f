/**
 * A process with one engine in it: engine-client.mjs starts it and asks; it answers one question at a time.
 * Engines do not share a process, so that none pays for another's memory, threads or garbage.
 */
import { countBufferBytes } from './buffer-bytes.mjs';
import { classIndices, randomImages } from './random.mjs';
import { CLASSES, resnet50Weights } from './resnet50-weights.mjs';

const OPENERS = {
  attune: async (options) => (await import('./engines/attune.mjs')).openAttune(options.kind, options),
  tfjs: async (options) => (await import('./engines/tfjs.mjs')).openTfjs(options.kind, options),
};

let engine;
let images;
let labels;
/** Null where the engine has no GPU. */
let live = null;

const ANSWERS = {
  async open({ engine: name, kind, task, adapter, seed, batch, side }) {
    if (kind === 'webgpu') live = countBufferBytes();
    images = randomImages(seed + 1, batch, side);
    labels = classIndices(batch, CLASSES);
    engine = await OPENERS[name]({ kind, task, adapter, weights: resnet50Weights(seed), batch, side });
    return { name: engine.name, adapter: engine.adapter, setting: engine.setting };
  },
  /** One inference or training step, from images on the host to logits or the loss on the host. */
  async run() {
    const before = engine.counters?.();
    const cpuBefore = process.cpuUsage();
    const begin = performance.now();
    const values = await engine.run(images, labels);
    const milliseconds = performance.now() - begin;
    const { user, system } = process.cpuUsage(cpuBefore);
    const after = engine.counters?.();
    const counters = before && {
      launches: after.launches - before.launches,
      submits: after.submits - before.submits,
      pipelines: after.pipelines,
    };
    return {
      milliseconds,
      cpuMilliseconds: (user + system) / 1000,
      values: Float32Array.from(values),
      counters,
      peakBytes: live?.peakBytes,
    };
  },
  profile: () => engine.profile(),
};

process.on('message', async ({ question, options }) => {
  try {
    process.send({ answer: await ANSWERS[question](options) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
