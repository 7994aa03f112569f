/** What torch.mjs compares: tasks, and PyTorch in each of its ways to compute. */
import { execFileSync } from 'node:child_process';
import { findPython } from '../parity/python.mjs';
import { MOBILENET_V2, RESNET50, VIT_B_16 } from './networks.mjs';

const SIDE = 224;
const NETWORKS = { ResNet50: RESNET50, MobileNetV2: MOBILENET_V2, 'ViT-B/16': VIT_B_16 };
const TASKS = ['inference', 'training'];

/** PyTorch on a GPU, and how far its results may be from those of float32 in inference and in training. */
export const CUDA = [
  { precision: 'float32', format: 'channels_last' },
  { precision: 'tf32', format: 'channels_last', tolerances: { inference: 0.05, training: 0.01 } },
  { precision: 'amp', format: 'channels_last', tolerances: { inference: 0.05, training: 0.01 } },
];
/** attune beside each of them: both in mixed precision, where PyTorch is. */
const oursBeside = (precision) => (precision === 'amp' ? 'mixed' : 'float32');
/** The memory format in which PyTorch was the faster one on a processor (cpu-parts.mjs). */
const CPU_FORMATS = { inference: 'channels_last', training: 'contiguous' };

/** Whether PyTorch finds a GPU. Throws with what to install where there is no PyTorch. */
export function hasCuda() {
  const code = 'import torch; print(torch.cuda.is_available())';
  return execFileSync(findPython(), ['-c', code], { encoding: 'utf8' }).trim() === 'True';
}

/**
 * { comparisons, unmeasured }: what to compare, and what cannot be here.
 *
 * @param adapter name of the GPU; undefined: there is none, for the `reason`
 * @param batches of the GPU and of the processor; undefined: it is not asked for
 */
export function torchComparisons({ adapter, reason, batches, rounds, threads }) {
  const pairs = Object.entries(NETWORKS).flatMap(([name, network]) =>
    TASKS.map((task) => ({ name: `${name} ${task}`, task, network })),
  );
  const target = { sense: 'speedup', ratio: 1 };
  const common = { side: SIDE, rounds, target, sameAdapter: false };
  const onProcessor = pairs.map((pair) => ({
    ...{ ...pair, ...common, batch: batches.cpu },
    ours: { engine: 'attune', kind: 'cpu', threads },
    peer: { engine: 'torch', threads, format: CPU_FORMATS[pair.task] },
  }));
  const onGpu = pairs.flatMap((pair) =>
    CUDA.map(({ tolerances, ...way }) => ({
      ...{ ...pair, ...common, batch: batches.webgpu, tolerance: tolerances?.[pair.task] },
      ours: { engine: 'attune', kind: 'webgpu', adapter, precision: oursBeside(way.precision) },
      peer: { engine: 'torch', device: 'cuda', threads, ...way },
    })),
  );
  const asked = (kind, comparisons) => (batches[kind] === undefined ? [] : comparisons);
  if (adapter !== undefined)
    return { comparisons: [...asked('webgpu', onGpu), ...asked('cpu', onProcessor)], unmeasured: [] };
  const unmeasured = onGpu.map(({ name, peer }) => ({
    ...{ name, peer: `PyTorch with CUDA, ${peer.precision}`, reason },
  }));
  return { comparisons: asked('cpu', onProcessor), unmeasured };
}
