/**
 * Which network weights belong to, by the names and shapes of the tensors alone: for `inspect`, and to infer
 * the model from a file.
 */
import { stripPrefixes } from '../nn/state-dict.js';
import { FAMILIES } from './families.js';
import type { ModelOptions } from './family.js';
import { MODEL_NAMES } from './names.js';

/** Name and PyTorch shape of a stored tensor. */
export interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What the tensors of a weights file tell of their network. */
export interface Architecture {
  /** torchvision's name, or attune's own. */
  readonly name: string;
  /** Outputs of the head; null where the weights hold none. */
  readonly classes: number | null;
  /** Whether attune has this model; others are recognised in order to say so. */
  readonly supported: boolean;
  /** What it is made with, but for the classes; absent: nothing. */
  readonly options?: ModelOptions;
}

/** The architecture of weights with these tensors, prefixes of wrappers aside; null when it is none of those known. */
export function detectArchitecture(tensors: Iterable<TensorShape>): Architecture | null {
  const shapes = new Map(Array.from(tensors, ({ name, shape }) => [stripPrefixes(name), shape]));
  for (const family of FAMILIES) {
    const name = family.detect(shapes);
    if (name === null) continue;
    // A head of stored images has their classes side by side (nn/nearest-neighbors.ts).
    const classes =
      shapes.get(`${family.headName}.weight`)?.[0] ?? shapes.get(`${family.headName}.labels`)?.[1] ?? null;
    const supported = MODEL_NAMES.some((known) => known === name);
    const options = family.optionsOf?.(shapes);
    return { name, classes, supported, ...(options !== undefined && { options }) };
  }
  return null;
}
