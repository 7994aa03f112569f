/** How weights that do not fit a model are told: every tensor is named, those of one layer together. */
import { sameShape, type Shape, showShape } from '../tensor/shape.js';

/** A tensor that is there, but not as the model needs it. */
export interface Misshapen {
  readonly name: string;
  readonly dtype: string;
  readonly shape: Shape;
  readonly expected: Shape;
}

/** `weights do not fit the model: missing 3: layer1.0.bn1.{weight, bias}, fc.bias; unexpected 1: ...` */
export function mismatchText(
  missing: readonly string[],
  unexpected: readonly string[],
  misshapen: readonly Misshapen[],
): string {
  const other = misshapen.map(({ name, dtype, shape, expected }) =>
    sameShape(shape, expected)
      ? `${name} has type ${dtype}, not a floating-point one`
      : `${name} is ${showShape(shape)}, not ${showShape(expected)}`,
  );
  const texts = [
    missing.length > 0 ? `missing ${missing.length}: ${groupNames(missing)}` : '',
    unexpected.length > 0 ? `unexpected ${unexpected.length}: ${groupNames(unexpected)}` : '',
    misshapen.length > 0 ? `misshapen ${misshapen.length}: ${other.join(', ')}` : '',
  ];
  return `the weights do not fit the model; ${texts.filter((text) => text !== '').join('; ')}`;
}

/** Names with what neighbours share before the last dot written once: `bn1.{weight, bias}`. */
function groupNames(names: readonly string[]): string {
  const groups = new Map<string, string[]>();
  for (const name of names.map(printable)) {
    const layer = name.slice(0, name.lastIndexOf('.') + 1);
    const group = groups.get(layer);
    if (group === undefined) groups.set(layer, [name.slice(layer.length)]);
    else group.push(name.slice(layer.length));
  }
  return [...groups]
    .map(([layer, fields]) =>
      fields.length === 1 ? `${layer}${fields[0]}` : `${layer}{${fields.join(', ')}}`,
    )
    .join(', ');
}

/** Names in files can hold anything; errors are one line. */
function printable(name: string): string {
  return /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(name) ? name : JSON.stringify(name);
}
