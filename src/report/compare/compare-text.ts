/** What page and terminal write of a comparison in the same words. */
import { kept } from '../page/parts.js';
import type { ComparedRun } from './compared-run.js';

/** `12, best 9` */
export function epochsText({ strategy, epochs, best_epoch: best }: ComparedRun): string {
  if (strategy === 'probe') return 'head only';
  return best === null ? String(epochs) : `${epochs}, best ${best === 0 ? 'the head' : best}`;
}

/** `0.021`, `< 0.001` */
export function pText(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** A field of a recipe in a cell. */
export function valueText(value: unknown): string {
  return value === null ? '–' : kept(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
