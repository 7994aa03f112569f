/** jax-js in Node: with WebGPU, or with WebAssembly, where it has one thread: Node has no Worker of the web. */
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import * as jax from '@jax-js/jax';
import { enableRelaxedSimd } from '../../../dist/device/cpu/node.js';
import { jaxTraining } from '../jax-training.mjs';
import { OPERATIONS, operationInputs, permuted } from '../operations.mjs';
import { OPTIMIZER } from '../resnet50-weights.mjs';
import { installBrowserGpu } from './browser-gpu.mjs';

const { dependencies } = createRequire(import.meta.url)('../../package.json');

/** Opens backend 'wasm' or 'webgpu' for one of OPERATIONS, or for training a small network. */
export async function openJax({
  kind = 'wasm',
  adapter,
  task,
  operation,
  weights,
  seed,
  batch,
  side,
  network,
}) {
  const where = await start(kind, adapter);
  const run =
    task === 'operation'
      ? runOperation(OPERATIONS[operation], seed)
      : jaxTraining(jax, weights(), { shape: [batch, side, side, network.channels], ...OPTIMIZER });
  return {
    name: `jax-js ${kind} ${dependencies['@jax-js/jax']}`,
    ...where,
    ...run,
  };
}

/** Where it computes: { adapter, setting }. */
async function start(kind, adapterName) {
  enableRelaxedSimd(); // which jax-js uses where it finds it
  const taken = kind === 'webgpu' ? installBrowserGpu(adapterName) : null;
  if (!(await jax.init(kind)).includes(kind)) throw new Error(`jax-js cannot start its ${kind} backend`);
  jax.defaultDevice(kind);
  const processor = cpus()[0].model.trim();
  return taken?.() ?? { adapter: processor, setting: `${processor} (one thread)` };
}

/** The operation on inputs that lie on the device; its result is read back. */
function runOperation(operation, seed) {
  const inputs = operationInputs(operation, seed).map(({ shape, data }, i) => {
    if (!operation.images) return jax.numpy.array(data, { shape });
    const order = i === 0 ? [0, 3, 1, 2] : [3, 2, 0, 1];
    return jax.numpy.array(permuted(data, shape, order), { shape: order.map((axis) => shape[axis]) });
  });
  const compute = jax.jit((...arrays) => operation.jax(jax, ...arrays));
  let shape;
  return {
    async run() {
      const result = compute(...inputs.map((input) => input.ref));
      shape = result.shape;
      return result.data();
    },
    /** The result in attune's order. */
    inOrder: (values) => (operation.images ? permuted(values, shape, [0, 2, 3, 1]) : values),
  };
}
