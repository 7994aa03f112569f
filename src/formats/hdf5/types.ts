/** Element types and shapes of HDF5: what a dataset or an attribute holds. */

import { type Dtype, elementCount, MAX_RANK } from '../tensors.js';
import type { Fields } from './fields.js';

/** The type of one element, as far as weights and their descriptions need types. */
export type ElementType =
  | { readonly kind: 'number'; readonly dtype: Dtype; readonly size: number; readonly bigEndian: boolean }
  | { readonly kind: 'opaque'; readonly size: number }
  | { readonly kind: 'text'; readonly size: number }
  /** A reference to a text in a global heap. */
  | { readonly kind: 'text reference'; readonly size: number }
  /** Anything else: named in an error if somebody asks for its values. */
  | { readonly kind: 'other'; readonly size: number; readonly name: string };

const CLASS = { integer: 0, float: 1, text: 3, opaque: 5, variable: 9 } as const;

/** What HDF5 calls its classes of types. */
const CLASS_NAMES = [
  ...['integer', 'floating-point', 'time', 'string', 'bit field', 'opaque', 'compound', 'reference'],
  ...['enumeration', 'variable-length', 'array'],
];

const SIGNED: Readonly<Record<number, Dtype>> = { 1: 'I8', 2: 'I16', 4: 'I32', 8: 'I64' };
const UNSIGNED: Readonly<Record<number, Dtype>> = { 1: 'U8', 2: 'U16', 4: 'U32', 8: 'U64' };

/** Floating-point types by exponent bits, fraction bits and exponent bias. */
const FLOATS: Readonly<Record<string, Dtype>> = {
  '2 5 10 15': 'F16',
  '2 8 7 127': 'BF16',
  '4 8 23 127': 'F32',
  '8 11 52 1023': 'F64',
};

/** Reads a datatype message. */
export function readType(fields: Fields): ElementType {
  const typeClass = fields.u8() & 15;
  const bits = fields.u8();
  fields.skip(2);
  const size = fields.u32();
  const bigEndian = (bits & 1) === 1;
  const other = { kind: 'other', size, name: CLASS_NAMES[typeClass] ?? `unknown (${typeClass})` } as const;
  switch (typeClass) {
    case CLASS.integer: {
      const dtype = (bits & 8 ? SIGNED : UNSIGNED)[size];
      return dtype === undefined ? other : { kind: 'number', dtype, size, bigEndian };
    }
    case CLASS.float: {
      // Bit offset, precision; exponent's place and width; fraction's place and width; bias.
      fields.skip(5);
      const exponentBits = fields.u8();
      fields.skip(1);
      const fractionBits = fields.u8();
      const dtype = FLOATS[`${size} ${exponentBits} ${fractionBits} ${fields.u32()}`];
      return dtype === undefined ? other : { kind: 'number', dtype, size, bigEndian };
    }
    case CLASS.text:
      return { kind: 'text', size };
    case CLASS.opaque:
      return { kind: 'opaque', size };
    case CLASS.variable:
      return (bits & 15) === 1 ? { kind: 'text reference', size: 16 } : other;
    default:
      return other;
  }
}

/** Reads a dataspace message: the dimensions, none of them for a scalar. Undefined for a null space, without elements. */
export function readShape(fields: Fields): number[] | undefined {
  const version = fields.version(1, 2);
  const rank = fields.u8();
  fields.skip(1);
  const kind = fields.u8();
  if (version === 1) fields.skip(4);
  if (version === 2 && kind === 2) return undefined;
  if (rank > MAX_RANK) throw fields.error(`a shape has ${rank} dimensions, more than ${MAX_RANK}`);
  const shape = Array.from({ length: rank }, () => fields.u64());
  if (elementCount(shape) === undefined) throw fields.error(`the shape [${shape}] is too large`);
  return shape;
}
