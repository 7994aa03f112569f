/**
 * Figures that say how good outputs are, as data: tables, charts, event files and the choice of the best epoch go by these
 * lists, so that a task that measures something else adds a line to its own.
 */
import * as v from 'valibot';
import { percent, significant } from '../text.js';

/** How a figure is written: as a share, with so many decimals, or by four digits in whatever unit it has. */
export type MeasureFormat = 'percent' | 'measured' | { readonly decimals: number };

/** A figure of a task whose metrics are `M`. */
export interface Measure<M = never> {
  /** Its key in JSON documents; behind `train_` and `val_` in the record of an epoch. */
  readonly key: string;
  /** What tables and charts call it. */
  readonly name: string;
  readonly better: 'higher' | 'lower';
  readonly format: MeasureFormat;
  /** Its value in the metrics of some samples; null where they do not tell. */
  of(metrics: M): number | null;
}

/** What a task measures, and when. The loss is measured everywhere. */
export interface Measures<M = never> {
  /** The measures of each epoch's validation, in the order of its record. */
  readonly epoch: readonly Measure<M>[];
  /** Those of `epoch` that are known of the training samples, too. */
  readonly training: readonly Measure<M>[];
  /** The measures of each fold of a cross-validation, in the order of its document. */
  readonly fold: readonly Measure<M>[];
  /** Which of two epochs is better: the first by which they differ. */
  readonly ranking: readonly Measure<M>[];
  /** The one of `fold` that is the share of the samples that are answered rightly; null where none is right or wrong. */
  readonly rightShare: Measure<M> | null;
}

/** Figures by their keys; null where no sample tells. */
export type Values = Readonly<Record<string, number | null | undefined>>;

/** How good outputs are: what training goes by. What no samples tell is null. */
export interface Score {
  /** Mean loss of the samples. */
  readonly loss: number | null;
  /** The measures of an epoch. */
  readonly values: Values;
  /** 95 % Wilson interval of the share that is right, where there is one. */
  readonly interval?: readonly [number, number] | null;
}

/** The best validation of a run, as its state has it. */
export interface Best {
  readonly epoch: number;
  readonly val_loss: number | null;
  readonly interval?: readonly [number, number] | null | undefined;
  /** Fitted on the validation samples; of probabilities. */
  readonly temperature?: number | null | undefined;
  /** The measures of an epoch. */
  readonly [measure: `val_${string}`]: number | null | undefined;
}

/** The loss as a measure. */
export const LOSS: Measure<{ readonly loss: number | null }> = {
  key: 'loss',
  name: 'loss',
  better: 'lower',
  format: { decimals: 4 },
  of: ({ loss }) => loss,
};

/** A figure as `format` has it; `-` for none. */
export function measureText(format: MeasureFormat, value: number | null): string {
  if (format === 'percent') return percent(value);
  if (value === null) return '-';
  return format === 'measured' ? significant(value) : value.toFixed(format.decimals);
}

/** Whether a score is better than the best before it. One that says nothing is not, and any other is better than none. */
export function isBetter(ranking: Measures['ranking'], score: Score, best: Best | null): boolean {
  for (const { key, better } of ranking) {
    const now = key === LOSS.key ? score.loss : (score.values[key] ?? null);
    const before = best?.[`val_${key}`] ?? null;
    if (now === null || before === null) return now !== null;
    if (now !== before) return better === 'higher' ? now > before : now < before;
  }
  return false;
}

/** The keys of a record that say how good the training samples were answered. */
export function trainRecord(
  { training }: Measures,
  values: Values,
): Record<`train_${string}`, number | null> {
  return Object.fromEntries(training.map(({ key }) => [`train_${key}`, values[key] ?? null]));
}

/** Its keys that say how good validation was, beside the loss. */
export function valRecord({ epoch }: Measures, score: Score | null): Record<`val_${string}`, number | null> {
  return Object.fromEntries(epoch.map(({ key }) => [`val_${key}`, score?.values[key] ?? null]));
}

/** What a task keeps of its best epoch: the loss and the measures of an epoch. `B` is that in the document of a run. */
export function bestByMeasures<B>(measures: Measures) {
  return {
    best: (epoch: number, score: Score, _outputs: unknown, { length }: readonly unknown[]): Best | null =>
      length === 0 ? null : { epoch, val_loss: score.loss, ...valRecord(measures, score) },
    bestRecord(best: Best | null, epoch: number): B {
      const values = measures.epoch.map(({ key }) => [`val_${key}`, best?.[`val_${key}`] ?? null]);
      return {
        ...{ epoch: best?.epoch ?? epoch, val_loss: best?.val_loss ?? null },
        ...Object.fromEntries(values),
      } as B;
    },
  };
}

const finite = v.pipe(v.number(), v.finite());
const MEASURED_KEY = /^(train|val)_[a-z][a-z0-9_]*$/;

/**
 * The schema of an object with `entries` and figures under the keys of measures, whichever they are. The object stays as it
 * is, in the order of its keys too: a run that goes on writes the same bytes as one that was not stopped.
 */
export function withMeasures<T>(entries: v.ObjectEntries): v.GenericSchema<unknown, T> {
  const object = v.objectWithRest(entries, v.nullable(finite));
  const isKnown = (key: string) => Object.hasOwn(entries, key) || MEASURED_KEY.test(key);
  return v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object'),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const given = dataset.value;
      // Schemas leave names such as __proto__ out without a word.
      const strange = Object.getOwnPropertyNames(given).find((key) => !isKnown(key));
      if (strange !== undefined) addIssue({ message: `unknown field ${JSON.stringify(strange)}` });
      const parsed = v.safeParse(object, given);
      for (const { message, path } of parsed.issues ?? []) addIssue({ message, ...(path && { path }) });
      if (!parsed.success) return NEVER;
      const checked = parsed.output as Readonly<Record<string, unknown>>;
      const keys = Object.keys(given).filter((key) => Object.hasOwn(checked, key));
      return Object.fromEntries(keys.map((key) => [key, checked[key]])) as T;
    }),
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const bestSchema = withMeasures<Best>({
  epoch: v.pipe(v.number(), v.integer(), v.minValue(0)),
  val_loss: v.nullable(finite),
  interval: v.optional(v.nullable(v.strictTuple([finite, finite]))),
  temperature: v.optional(v.nullable(v.pipe(finite, v.gtValue(0)))),
});
