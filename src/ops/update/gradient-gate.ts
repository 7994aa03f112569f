/**
 * The gate between gradients and updates: the norm of all gradients, and whether it is finite.
 *
 *     norm = sqrt(sum of g^2),  scale = min(1, limit / (norm + 1e-6)) as PyTorch's clip_grad_norm_
 *
 * An update reads the gate and does nothing when the norm is not finite, so that one bad batch changes neither
 * weights nor moments. Partial sums of 4,096 elements each go to a workspace, then one workgroup adds them in a fixed
 * order: there is no floating-point atomic in WGSL, and the result is the same every time.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel, Varying } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { currentRecording } from '../../program/recording.js';
import type { State } from '../../program/state.js';

/** Elements that one partial sum of the squared norm covers. */
const PARTIAL = 4096;

/** Elements of a gate: norm, scale, finite (0 or 1), how many steps were not finite, the last such step. */
export const GATE_LENGTH = 5;
/** A ResNet50 has 6,240 partial sums: one lane alone would wait for memory that often. */
const GATE_WORKGROUP = 256;

export const GATE = { norm: 0, scale: 1, finite: 2, failures: 3, lastFailure: 4 } as const;

export interface SquaredNormAttributes {
  readonly count: number;
  readonly outOffset: number;
}

export const squaredNormKernel: Kernel<SquaredNormAttributes> = {
  name: 'squaredNorm',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'partials', access: 'read_write' },
  ],
  shader: {
    variants: {
      workgroup: {
        file: 'update/squared-norm.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP, PARTIAL },
        grid: ({ count }) => flatGrid(count, PARTIAL),
      },
    },
    choose: () => 'workgroup',
    words: ({ count, outOffset }) => [count, outOffset],
  },
  cpu: {
    units: ({ count }) => Math.ceil(count / PARTIAL),
    run({ attributes: { count, outOffset }, operands: [x, partials], begin, end }) {
      for (let unit = begin; unit < end; unit++) {
        const last = Math.min(count, (unit + 1) * PARTIAL);
        let total = 0;
        for (let i = unit * PARTIAL; i < last; i++) total += x[i] * x[i];
        partials[outOffset + unit] = total;
      }
    },
  },
  simd: simdEntry('squaredNorm', {
    arguments: ({ count, outOffset }, [x, partials], begin, end) => ({
      x,
      partials: partials + outOffset * 4,
      begin,
      end,
      count,
      block: PARTIAL,
    }),
  }),
};

interface GateAttributes {
  readonly count: number;
  /** The largest norm that is not scaled down; 0: no limit. */
  readonly limit: Varying;
  readonly step: Varying;
}

export const gradientGateKernel: Kernel<GateAttributes> = {
  name: 'gradientGate',
  bindings: [
    { name: 'partials', access: 'read' },
    { name: 'gate', access: 'read_write' },
  ],
  shader: {
    variants: {
      single: {
        file: 'update/gradient-gate.wgsl',
        libraries: ['step.wgsl'],
        constants: { WORKGROUP: GATE_WORKGROUP },
        grid: () => [1, 1, 1],
      },
    },
    choose: () => 'single',
    words: ({ count, limit, step }) => [count, limit.varying, step.varying],
    readsStep: true,
  },
  cpu: {
    units: () => 1,
    run({ attributes: { count, limit, step }, operands: [partials, gate], step: values }) {
      let total = 0;
      for (let i = 0; i < count; i++) total += partials[i];
      const norm = Math.sqrt(total);
      const finite = Number.isFinite(norm);
      const largest = values[limit.varying];
      gate[GATE.norm] = norm;
      gate[GATE.scale] = finite ? (largest > 0 ? Math.min(1, largest / (norm + 1e-6)) : 1) : 0;
      gate[GATE.finite] = finite ? 1 : 0;
      if (finite) return;
      gate[GATE.failures] += 1;
      gate[GATE.lastFailure] = values[step.varying];
    },
  },
};

/** Records the gate's update from gradient chunks. `limit` and `step` are step values of this program. */
export function updateGate(chunks: readonly State[], gate: State, limit: Varying, step: Varying): void {
  const recording = currentRecording();
  const counts = chunks.map((chunk) => Math.ceil(chunk.length / PARTIAL));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const partials = recording.temporary('float32', total);
  let outOffset = 0;
  chunks.forEach((chunk, i) => {
    recording.launch(squaredNormKernel, { count: chunk.length, outOffset }, [chunk.storage, partials]);
    outOffset += counts[i];
  });
  recording.launch(gradientGateKernel, { count: total, limit, step }, [partials, gate.storage]);
}
