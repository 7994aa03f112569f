/** Fields of a recipe, each said once: schema, flag and help are made of it. */
import * as v from 'valibot';
import type { Camel } from '../option-names.js';

/** What a flag may be given, from which its schema and the reading of its text follow. */
export type Takes =
  | { readonly kind: 'number'; readonly least: number; readonly most: number }
  | { readonly kind: 'whole'; readonly least: number; readonly most: number }
  /** At least 0 and below 1. */
  | { readonly kind: 'fraction' }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  /** One of some words, or a text that is like one of them. */
  | { readonly kind: 'text'; readonly like: readonly string[]; accepts(text: string): boolean };

/** The headings of the help that fields stand under. */
export type FlagGroup = 'Images:' | 'Training:' | 'Regularization:' | 'Optimizer:';

interface FieldText {
  /** What stands for the value in the help: `<number>`. */
  readonly value: string;
  /** In plain words, with the default. */
  readonly help: string;
  readonly group: FlagGroup;
}

/** A field of a recipe, named in snake case; its flag and its option have the same name in kebab and in camel case. */
export interface Field<T = unknown> extends FieldText {
  readonly schema: v.GenericSchema<unknown, T>;
  readonly takes: Takes;
  /** What a recipe has where nobody says otherwise. */
  readonly default: T;
  /** Whether a run tells it also where it is the default. */
  readonly isAlwaysTold: boolean;
}

export type Fields = Readonly<Record<string, Field>>;

/** The values of fields. */
export type ValuesOf<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** The options of `finetune` that set fields, in camel case. */
export type OptionsOf<F> = {
  readonly [K in keyof F & string as Camel<K>]?: F[K] extends Field<infer T>
    ? T extends string
      ? string
      : Exclude<T, null>
    : never;
};

type More<T> = FieldText & { readonly default: T; readonly isAlwaysTold?: boolean };

/** A number from `least` to `most`. */
export function numberField(least: number, most: number, more: More<number>): Field<number> {
  const schema = v.pipe(v.number(), v.minValue(least), v.maxValue(most));
  return { isAlwaysTold: false, ...more, schema, takes: { kind: 'number', least, most } };
}

/** A whole number from `least` to `most`, where null is that there is none. */
export function optionalWhole(least: number, most: number, more: FieldText): Field<number | null> {
  const schema = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most)));
  return { isAlwaysTold: false, ...more, default: null, schema, takes: { kind: 'whole', least, most } };
}

/** A number of at least 0 and below 1. */
export function fractionField(more: More<number>): Field<number> {
  return { isAlwaysTold: false, ...more, schema: fraction, takes: { kind: 'fraction' } };
}

/** The same, where null is that there is none. */
export function optionalFraction(more: FieldText): Field<number | null> {
  const schema = v.nullable(fraction);
  return { isAlwaysTold: false, ...more, default: null, schema, takes: { kind: 'fraction' } };
}

const fraction = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

/** One of some words. */
export function choiceField<const C extends readonly string[]>(
  of: C,
  more: More<C[number]>,
): Field<C[number]> {
  return { isAlwaysTold: false, ...more, schema: v.picklist(of), takes: { kind: 'choice', of } };
}

/** A text that `accepts` lets pass; `like` are some, for whoever misspells one. */
export function textField(
  like: readonly string[],
  accepts: (text: string) => boolean,
  more: More<string>,
): Field<string> {
  const expected = `expected ${like.slice(0, -1).join(', ')} or ${like.at(-1)}`;
  const schema = v.pipe(v.string(), v.check(accepts, expected));
  return { isAlwaysTold: false, ...more, schema, takes: { kind: 'text', like, accepts } };
}
