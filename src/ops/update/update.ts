/**
 * What the updates of sgd-update.ts, rmsprop-update.ts and adam-update.ts share: the parameters of a chunk of an arena with
 * their gradients, the gate between them (gradient-gate.ts), and a rate and a decay for every block of 64 elements.
 */
import { type Binding, type CpuCall, stepValueAddress, type Varying } from '../../device/kernel.js';
import { BLOCK } from '../../tensor/arena.js';
import { type FlatAttributes, flatElements, flatRange } from '../core/flat.js';
import { GATE } from './gradient-gate.js';

export interface UpdateAttributes extends FlatAttributes {
  /** First step value of the groups: rate and decay of group 0, then of group 1, ... */
  readonly groups: Varying;
}

/** The first operands, in the order of shaders/lib/update.wgsl. Those of the optimiser come behind them. */
export const UPDATE_BINDINGS: readonly Binding[] = [
  { name: 'gradients', access: 'read' },
  { name: 'blockGroups', access: 'read' },
  { name: 'gate', access: 'read' },
  { name: 'parameters', access: 'read_write' },
];

export const UPDATE_FILES = ['step.wgsl', 'step-float.wgsl', 'update.wgsl'] as const;

/** Elements first <= i < last of one group. */
export interface UpdateBlock {
  readonly first: number;
  readonly last: number;
  readonly rate: number;
  readonly decay: number;
  /** The factor of gradients: 1, or less where they are clipped. */
  readonly scale: number;
}

/** Gives `update` the blocks of a call, in order; none when the gradients are not finite. */
export function updateBlocks(call: CpuCall<UpdateAttributes>, update: (block: UpdateBlock) => void): void {
  const { attributes, operands, step, begin, end } = call;
  const [, blockGroups, gate] = operands;
  if (gate[GATE.finite] === 0) return;
  const [start, stop] = flatRange(attributes.count, begin, end);
  for (let first = start; first < stop; first += BLOCK) {
    const group = attributes.groups.varying + 2 * blockGroups[first / BLOCK];
    const [rate, decay] = [step[group], step[group + 1]];
    update({ first, last: Math.min(stop, first + BLOCK), rate, decay, scale: gate[GATE.scale] });
  }
}

/** The arguments that the SIMD functions share. */
export function updateArguments(
  { count, groups }: UpdateAttributes,
  [gradients, blockGroups, gate, parameters]: readonly number[],
  begin: number,
  end: number,
) {
  const { first, last } = flatElements(count, begin, end);
  return { gradients, blockGroups, gate, parameters, first, last, groups: stepValueAddress(groups) };
}
