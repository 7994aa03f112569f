/**
 * A process with one engine in it: engine-client.mjs starts it and asks; it answers one question at a time.
 * Engines do not share a process, so that none pays for another's memory, threads or garbage.
 */
import { countBufferBytes } from './buffer-bytes.mjs';
import { randomImages } from './random.mjs';
import { resnet50Weights } from './resnet50-weights.mjs';

const OPENERS = {
  attune: async (options) => (await import('./engines/attune.mjs')).openAttune(options.kind, options),
  tfjs: async (options) => (await import('./engines/tfjs.mjs')).openTfjs(options.kind, options),
};

let engine;
let images;
/** Null where the engine has no GPU. */
let live = null;

const ANSWERS = {
  async open({ engine: name, kind, adapter, seed, batch, side }) {
    if (kind === 'webgpu') live = countBufferBytes();
    images = randomImages(seed + 1, batch, side);
    engine = await OPENERS[name]({ kind, adapter, weights: resnet50Weights(seed), batch, side });
    return { name: engine.name, adapter: engine.adapter, setting: engine.setting };
  },
  /** One inference, from images on the host to logits on the host. */
  async run() {
    const before = engine.counters?.();
    const cpuBefore = process.cpuUsage();
    const begin = performance.now();
    const logits = await engine.run(images);
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
      logits: Float32Array.from(logits),
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
