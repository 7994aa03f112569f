/** What page and terminal write of a comparison in the same words. */
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
  if (value === null) return '–';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The different values of a field, in the order of the runs, each with the numbers of the runs that have it. */
export function groupedValues(
  values: readonly unknown[],
): { readonly text: string; readonly numbers: readonly number[] }[] {
  const groups = new Map<string, number[]>();
  values.forEach((value, i) => {
    const text = valueText(value);
    groups.set(text, [...(groups.get(text) ?? []), i + 1]);
  });
  return Array.from(groups, ([text, numbers]) => ({ text, numbers }));
}

/** `run 3`, `runs 1 to 4, 7` */
export function runsText(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of numbers) {
    const open = ranges.at(-1);
    if (open !== undefined && open[1] === number - 1) open[1] = number;
    else ranges.push([number, number]);
  }
  const texts = ranges.map(([first, last]) =>
    first === last ? String(first) : `${first}${last - first > 1 ? ' to ' : ', '}${last}`,
  );
  return `${numbers.length === 1 ? 'run' : 'runs'} ${texts.join(', ')}`;
}
