/** The epilogue on the CPU; what it computes stands in epilogue.ts. */
import type { Epilogue } from './epilogue.js';

/** Operands of the epilogue and the output; absent ones are not read. */
export interface EpilogueOperands {
  readonly scale: ArrayLike<number>;
  readonly shift: ArrayLike<number>;
  readonly residual: ArrayLike<number>;
  readonly out: { [index: number]: number };
}

/** Finishes `count` sums of neighbouring channels from `channel` on; they are stored from out[index] on. */
export function finishRow(
  epilogue: Epilogue,
  { scale, shift, residual, out }: EpilogueOperands,
  sums: Float64Array,
  from: number,
  count: number,
  channel: number,
  index: number,
): void {
  const { activation } = epilogue;
  for (let j = 0; j < count; j++) {
    let y = sums[from + j];
    if (epilogue.scale) y *= scale[channel + j];
    if (epilogue.shift) y += shift[channel + j];
    if (epilogue.residual) y += residual[index + j];
    if (activation !== 'none' && y < 0) y = 0;
    if (activation === 'relu6' && y > 6) y = 6;
    out[index + j] = y;
  }
}
