/**
 * Protocol Buffers, the writing half of what ONNX and event files need: messages as lists of pieces, so that large values
 * are not copied before they reach the file. A field is a key (number and wire type) and a value; a message inside another is a field
 * whose value is its length and its bytes.
 */

/** Encoded bytes in pieces, and how many there are. */
export interface Encoded {
  readonly length: number;
  readonly pieces: readonly Uint8Array[];
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Fields, and lists of fields, one after another, in the order given: a message without its length. */
export function message(...given: readonly (Encoded | readonly Encoded[])[]): Encoded {
  const fields = given.flat();
  return {
    length: fields.reduce((sum, { length }) => sum + length, 0),
    pieces: fields.flatMap(({ pieces }) => pieces),
  };
}

/** A whole number of at least 0. */
export function integerField(field: number, value: number): Encoded {
  return ofBytes([...key(field, VARINT), ...varint(value)]);
}

/** A float32. */
export function floatField(field: number, value: number): Encoded {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return ofBytes([...key(field, FIXED32), ...bytes]);
}

/** A float64. */
export function doubleField(field: number, value: number): Encoded {
  return ofBytes([...key(field, FIXED64), ...doubles([value])]);
}

/** Several of them, packed. */
export function doublesField(field: number, values: readonly number[]): Encoded {
  return bytesField(field, doubles(values));
}

export function stringField(field: number, value: string): Encoded {
  return bytesField(field, new TextEncoder().encode(value));
}

export function bytesField(field: number, value: Uint8Array): Encoded {
  return messageField(field, { length: value.length, pieces: [value] });
}

export function messageField(field: number, value: Encoded): Encoded {
  return message(ofBytes([...key(field, LENGTH_DELIMITED), ...varint(value.length)]), value);
}

function ofBytes(bytes: readonly number[]): Encoded {
  return { length: bytes.length, pieces: [Uint8Array.from(bytes)] };
}

function doubles(values: readonly number[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(8 * values.length));
  values.forEach((value, i) => {
    bytes.setFloat64(8 * i, value, true);
  });
  return new Uint8Array(bytes.buffer);
}

function key(field: number, wireType: number): number[] {
  return varint(field * 8 + wireType);
}

/** Seven bits a byte, the lowest first; the highest bit says that more follow. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}
