/** The demo's table: what each method reaches, over all seeds, and what the pretrained network gains. */
import { type Column, table } from '../../cli/table.js';
import type { Comparison, Method } from './compare.js';
import { EPOCHS } from './trainings.js';

/** What a full training must gain at least, in points of accuracy. */
export const REQUIRED_GAINS = { scratch: 5, pixels: 20 } as const;

const DESCRIPTIONS: Readonly<Record<Method, string>> = {
  probe: 'a new head on the pretrained network, which stays as it is',
  full: `all layers of the pretrained network, ${EPOCHS.full} epochs`,
  scratch: `the same network from random values, ${EPOCHS.scratch} epochs, same augmentation`,
  pixels: 'logistic regression on raw pixels, no network',
};

const ORDER: readonly Method[] = ['probe', 'full', 'scratch', 'pixels'];

export interface Summary {
  readonly mean: number;
  /** The deviation of the sample; null for one value. */
  readonly deviation: number | null;
}

/** Mean and standard deviation. */
export function summarize(values: readonly number[]): Summary {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, deviation: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** How many points of accuracy the full training is above another method, in the mean. */
export function gainOver(method: 'scratch' | 'pixels', { accuracies }: Comparison): number {
  return 100 * (summarize(accuracies.full).mean - summarize(accuracies[method]).mean);
}

/** The lines of the table: a row for each method, a column for each seed, mean and deviation. */
export function summaryTable({ accuracies }: Comparison, seeds: readonly number[]): string[] {
  const columns: Column[] = [
    { title: '' },
    ...seeds.map((seed): Column => ({ title: `seed ${seed}`, align: 'right' })),
    { title: 'mean', align: 'right' },
    { title: 'deviation', align: 'right' },
    { title: '' },
  ];
  const rows = ORDER.map((method) => {
    const { mean, deviation } = summarize(accuracies[method]);
    const figures = [...accuracies[method], mean].map((value) => (100 * value).toFixed(1));
    const spread = deviation === null ? '-' : (100 * deviation).toFixed(1);
    return [method, ...figures, spread, DESCRIPTIONS[method]];
  });
  return table(columns, rows);
}
