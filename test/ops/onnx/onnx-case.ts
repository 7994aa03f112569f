/**
 * A case of ONNX's own tests of operators: a model of one node, the tensors that go in, and those that must come out. Debian's
 * package libonnx-testdata has them as files.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memorySource } from '#src/formats/bytes';
import { readTensor } from '#src/formats/onnx/tensor';
import { ProtobufReader, WIRE } from '#src/formats/protobuf-read';
import { type Dtype, MAX_TENSOR_BYTES } from '#src/formats/tensors';
import { sizeOf } from '#src/tensor/shape';

/** Where the package puts one folder for each case. */
export const CASES = '/usr/share/libonnx-testdata/data/node';

/** A tensor's numbers on the host. */
export interface OnnxArray {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** An attribute has one of these, and its kind's zero or nothing of the others. */
export interface OnnxAttribute {
  readonly float: number;
  readonly integer: number;
  readonly text: string;
  readonly integers: readonly number[];
  /** The bytes of a tensor. */
  readonly tensor: Uint8Array | null;
}

export interface OnnxNode {
  readonly operator: string;
  /** Names of tensors, empty where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** The names of the graph's inputs in the order of the files that hold them. */
  readonly files: readonly string[];
  readonly outputs: number;
}

/** Why a case is not run: it asks for what attune does not offer, and says so. */
export class NotOffered extends Error {}

/** The node of a case, or null where its model has several. */
export function readNode(name: string): OnnxNode | null {
  const graph = messageIn(readFileSync(join(CASES, name, 'model.onnx')), 7);
  const fields = fieldsOf(graph);
  const nodes = fields.filter(({ number }) => number === 1);
  if (nodes.length !== 1) return null;
  const node = fieldsOf(nodes[0].bytes);
  const texts = (wanted: number) =>
    node.filter(({ number }) => number === wanted).map(({ bytes }) => textOf(bytes));
  return {
    operator: texts(4)[0],
    inputs: texts(1),
    attributes: new Map(node.filter(({ number }) => number === 5).map(({ bytes }) => attributeOf(bytes))),
    files: fields.filter(({ number }) => number === 11).map(({ bytes }) => textOf(messageIn(bytes, 1))),
    outputs: fields.filter(({ number }) => number === 12).length,
  };
}

/** The tensor in a file of a case. */
export function readArray(name: string, file: string): Promise<OnnxArray> {
  return arrayOf(readFileSync(join(CASES, name, 'test_data_set_0', file)));
}

const VIEWS: Partial<Record<Dtype, (buffer: ArrayBuffer) => ArrayLike<number | bigint>>> = {
  F32: (buffer) => new Float32Array(buffer),
  F64: (buffer) => new Float64Array(buffer),
  I32: (buffer) => new Int32Array(buffer),
  I64: (buffer) => new BigInt64Array(buffer),
  U32: (buffer) => new Uint32Array(buffer),
  U8: (buffer) => new Uint8Array(buffer),
  BOOL: (buffer) => new Uint8Array(buffer),
};

/** A serialised tensor, read by the parser of weights. Throws NotOffered for a type that no operation has. */
export async function arrayOf(bytes: Uint8Array): Promise<OnnxArray> {
  const source = memorySource(bytes);
  const files = {
    reader: new ProtobufReader(source),
    source,
    external: () => Promise.reject(new Error('no')),
  };
  const whole = { number: 0, wire: WIRE.bytes, value: 0, start: 0, length: bytes.length };
  const entry = await readTensor(files, whole);
  if (!('dtype' in entry)) throw new NotOffered(entry.kind);
  const view = VIEWS[entry.dtype];
  if (view === undefined) throw new NotOffered(entry.dtype);
  const { dtype, shape } = entry;
  if (sizeOf(shape) === 0) return { dtype, shape, values: [] };
  const raw = Uint8Array.from(await entry.readRaw());
  if (raw.length > MAX_TENSOR_BYTES) throw new NotOffered('a large tensor');
  return { dtype, shape, values: Array.from(view(raw.buffer), Number) };
}

interface Piece {
  readonly number: number;
  /** Of a number. */
  readonly value: bigint;
  /** Of a text, a message or a list. */
  readonly bytes: Uint8Array;
}

/** The fields of a small message, whole numbers below zero included, which ProtobufReader refuses. */
function fieldsOf(message: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
  };
  while (at < message.length) {
    const tag = Number(varint());
    const [number, wire] = [tag >> 3, tag & 7];
    const value = wire === WIRE.varint || wire === WIRE.bytes ? varint() : 0n;
    const length =
      wire === WIRE.fixed32 ? 4 : wire === WIRE.fixed64 ? 8 : wire === WIRE.bytes ? Number(value) : 0;
    pieces.push({ number, value, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return pieces;
}

function messageIn(message: Uint8Array, wanted: number): Uint8Array {
  return fieldsOf(message).find(({ number }) => number === wanted)?.bytes ?? new Uint8Array(0);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function attributeOf(message: Uint8Array): [name: string, attribute: OnnxAttribute] {
  const fields = fieldsOf(message);
  const first = (wanted: number) => fields.find(({ number }) => number === wanted);
  const float = first(2)?.bytes;
  return [
    textOf(messageIn(message, 1)),
    {
      float: float === undefined ? 0 : new DataView(float.buffer, float.byteOffset).getFloat32(0, true),
      integer: Number(first(3)?.value ?? 0n),
      text: textOf(messageIn(message, 4)),
      // One by one: ONNX's description of models does not pack them.
      integers: fields.filter(({ number }) => number === 8).map(({ value }) => Number(value)),
      tensor: first(5)?.bytes ?? null,
    },
  ];
}
