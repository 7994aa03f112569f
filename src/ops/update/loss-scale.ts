/**
 * Dynamic loss scaling (Micikevicius et al., Mixed Precision Training, ICLR 2018): gradients with respect to activations
 * are often too small for float16, so the loss is multiplied by a scale before backward, and the gradients of weights,
 * which are float32, are divided by it. The scale is as large as it may be: halved when gradients overflow, and that
 * step left out; doubled after 2,000 steps that went well. It lives on the device, so nothing waits for the host.
 */
import type { Kernel } from '../../device/kernel.js';
import { currentRecording } from '../../program/recording.js';
import type { State } from '../../program/state.js';
import { slice } from '../shape/slice.js';
import { reshape } from '../shape/reshape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { GATE } from './gradient-gate.js';

/** Elements of a scaling: the scale, steps since it changed, steps that were left out because of it. */
export const SCALING_LENGTH = 3;
export const SCALING = { scale: 0, good: 1, leftOut: 2 } as const;

/** As PyTorch's GradScaler begins. A power of two, as all of them are: scaling rounds nothing. */
export const FIRST_SCALE = 2 ** 16;
const GROWTH_INTERVAL = 2000;
const LARGEST = 2 ** 24;

export const lossScaleKernel: Kernel<Record<string, never>> = {
  name: 'lossScale',
  bindings: [
    { name: 'gate', access: 'read_write' },
    { name: 'scaling', access: 'read_write' },
  ],
  shader: {
    variants: {
      single: {
        file: 'update/loss-scale.wgsl',
        constants: { GROWTH_INTERVAL, LARGEST },
        grid: () => [1, 1, 1],
      },
    },
    choose: () => 'single',
    words: () => [],
  },
  cpu: {
    units: () => 1,
    run({ operands: [gate, scaling] }) {
      const scale = scaling[SCALING.scale];
      if (gate[GATE.finite] !== 0) {
        scaling[SCALING.good] += 1;
        if (scaling[SCALING.good] < GROWTH_INTERVAL) return;
        scaling[SCALING.scale] = Math.min(2 * scale, LARGEST);
        scaling[SCALING.good] = 0;
      } else if (scale > 1) {
        scaling[SCALING.scale] = Math.max(scale / 2, 1);
        scaling[SCALING.good] = 0;
        scaling[SCALING.leftOut] += 1;
        gate[GATE.failures] -= 1;
      }
    },
  },
};

/** Records what a step makes of the scale, after the gate has seen the gradients. */
export function updateLossScale(gate: State, scaling: State): void {
  currentRecording().launch(lossScaleKernel, {}, [gate.storage, scaling.storage]);
}

/** The scale itself, rank 0, for `backward`. */
export function lossScaleOf(scaling: State): Tensor {
  return reshape(slice(scaling, [SCALING.scale], [1]), []);
}
