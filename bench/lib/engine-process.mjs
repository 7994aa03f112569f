/**
 * A process with one engine in it: engine-client.mjs starts it and asks; it answers one question at a time.
 * Engines do not share a process, so that none pays for another's memory, threads or garbage.
 */
import { countBufferBytes } from './buffer-bytes.mjs';
import { networkWeights, RESNET50 } from './networks.mjs';
import { classIndices, randomImages } from './random.mjs';
import { CLASSES } from './resnet50-weights.mjs';

const OPENERS = {
  attune: async (options) =>
    options.task === 'operation'
      ? (await import('./engines/attune-operation.mjs')).openAttuneOperation(options)
      : (await import('./engines/attune.mjs')).openAttune(options.kind, options),
  jax: async (options) => (await import('./engines/jax.mjs')).openJax(options),
  onnxruntime: async (options) => (await import('./engines/onnxruntime.mjs')).openOnnxruntime(options),
  tfjs: async (options) => (await import('./engines/tfjs.mjs')).openTfjs(options.kind, options),
};

let engine;
let images;
let labels;
/** Null where the engine has no GPU. */
let live = null;
/**
 * Single operations return megabytes. Garbage is collected after each, in all engines alike, or luck would decide whether
 * the next result finds memory that is there, or fresh pages, which can cost more than adding two matrices does.
 */
let givesLargeResults = false;

const ANSWERS = {
  async open({ engine: name, network = RESNET50, threads = 1, ...options }) {
    const { kind, task, seed, batch, side } = options;
    if (kind === 'webgpu') live = countBufferBytes();
    givesLargeResults = task === 'operation';
    if (task !== 'operation') {
      images = randomImages(seed + 1, batch, side, network.channels);
      labels = classIndices(batch, CLASSES);
    }
    const weights = () => networkWeights(network, seed);
    engine = await OPENERS[name]({ ...options, network, threads, weights });
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
      values: Float32Array.from(engine.inOrder?.(values) ?? values),
      counters,
      peakBytes: live?.peakBytes,
      residentBytes: engine.residentBefore && process.resourceUsage().maxRSS * 1024 - engine.residentBefore,
    };
  },
  profile: () => engine.profile(),
};

process.on('message', async ({ question, options }) => {
  try {
    process.send({ answer: await ANSWERS[question](options) });
    if (givesLargeResults) globalThis.gc();
  } catch (error) {
    process.send({ error: error.stack });
  }
});
