/** The flags of methods, made of the fields that their files declare. */
import {
  type Field,
  METHOD_FIELDS,
  type MethodField,
  type MethodOptions,
  STEP_METHOD_FIELDS,
} from '../finetune/methods/index.js';
import { camelCase } from '../option-names.js';
import type { Flags } from './flags.js';
import { choice, fractionBelowOne, numberFrom, type Parse } from './values.js';

/** Those that stand under a heading of the help; `only` leaves out others. */
export function methodFlags(
  group: Field['group'],
  only: readonly MethodField[] = Object.keys(METHOD_FIELDS) as MethodField[],
): Partial<Flags<MethodOptions>> {
  const flags = only.flatMap((name) => {
    const field: Field = METHOD_FIELDS[name];
    const { value, help } = field;
    return field.group === group ? [[camelCase(name), { value, help, parse: parseOf(field) }]] : [];
  });
  return Object.fromEntries(flags);
}

/** Those that a single step shows, for `attune lr-find`. */
export function stepMethodFlags(group: Field['group']): Partial<Flags<MethodOptions>> {
  return methodFlags(group, STEP_METHOD_FIELDS);
}

function parseOf({ takes }: Field): Parse<unknown> {
  switch (takes.kind) {
    case 'number':
      return numberFrom(takes.least, takes.most);
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
