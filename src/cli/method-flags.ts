/** The flags of methods, made of the fields that their files declare. */
import {
  type Field,
  METHOD_FIELDS,
  type MethodField,
  type MethodOptions,
  STEP_METHOD_FIELDS,
} from '../methods/index.js';
import { camelCase } from '../option-names.js';
import type { Flags } from './flags.js';
import { choice, fractionBelowOne, numberFrom, type Parse, wholeNumber } from './values.js';

/** The headings of the help, in their order. */
const GROUPS = ['Network:', 'Images:', 'Training:', 'Regularization:', 'Optimizer:', 'Run:'];

/** All of them, each with the heading that it stands under. */
export function methodFlags(): Flags<MethodOptions> {
  return flagsOf(Object.keys(METHOD_FIELDS) as MethodField[]) as Flags<MethodOptions>;
}

/** Those that a single step shows, for `attune lr-find`. */
export function stepMethodFlags(): Partial<Flags<MethodOptions>> {
  return flagsOf(STEP_METHOD_FIELDS);
}

function flagsOf(names: readonly MethodField[]): Partial<Flags<MethodOptions>> {
  const flags = names.map((name) => {
    const field: Field = METHOD_FIELDS[name];
    const { value, help, group } = field;
    return [camelCase(name), { value, help, group, parse: parseOf(field) }];
  });
  return Object.fromEntries(flags);
}

/** The flags of one heading after those of the other, each in the order that it had. */
export function byGroup<T extends object>(flags: T): T {
  const place = ({ group = '' }: { readonly group?: string }) => GROUPS.indexOf(group);
  const entries = Object.entries(flags);
  return Object.fromEntries(entries.sort(([, a], [, b]) => place(a) - place(b))) as T;
}

function parseOf({ takes }: Field): Parse<unknown> {
  switch (takes.kind) {
    case 'number':
      return numberFrom(takes.least, takes.most);
    case 'whole':
      return wholeNumber(takes.least, takes.most);
    case 'fraction':
      return fractionBelowOne;
    case 'choice':
      return choice(takes.of);
    case 'text': {
      const known = choice(takes.like);
      return (text, flag) => (takes.accepts(text) ? text : known(text, flag));
    }
  }
}
