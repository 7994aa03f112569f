/**
 * The bytes of an ONNX model: a graph of operators whose weights are stored in it. Field numbers are those of onnx.proto;
 * what the operators mean is not known here.
 */

import {
  bytesField,
  type Encoded,
  floatField,
  integerField,
  message,
  messageField,
  stringField,
} from '../protobuf-write.js';
import { bytesToWrite, checkNames, notWritable, sizeToWrite, type TensorToWrite } from '../to-write.js';

/** Version of the file format that belongs to operator set 17. */
const IR_VERSION = 8;

/** Protocol Buffers end at 2 GiB. */
const MAX_BYTES = 2 ** 31 - 1;

/** A number that is to be written as a float: JavaScript has no other way to say so. */
export interface OnnxFloat {
  readonly float: number;
}

/** A word, such as the mode of a resize. */
export interface OnnxText {
  readonly text: string;
}

type OnnxAttribute = number | OnnxFloat | OnnxText | readonly number[];

/** An operator, the names of the values it takes and makes, and its attributes. */
export interface OnnxNode {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** An input or output of the graph: float32; a dimension that may vary has a name. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly description?: string;
}

/** A model as it is to be written. */
export interface OnnxModel {
  readonly name: string;
  readonly operatorSet: number;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** float32 or int64. */
  readonly weights: readonly TensorToWrite[];
  readonly metadata: Readonly<Record<string, string>>;
}

const DATA_TYPES: Readonly<Record<string, number>> = { F32: 1, I64: 7 };
const FLOAT = 1;

/** Kinds of attributes. */
const ATTRIBUTE = { FLOAT: 1, INT: 2, STRING: 3, INTS: 7 } as const;

/**
 * Yields the file from beginning to end.
 * @throws AttuneError 'weights' for equal names, types other than float32 and int64, data that does not fit its shape,
 *   or 2 GiB and more.
 */
export async function* onnxPieces(model: OnnxModel): AsyncGenerator<Uint8Array> {
  checkNames(model.weights);
  if (model.weights.reduce((sum, weight) => sum + sizeToWrite(weight), 0) > MAX_BYTES) throw tooLarge();
  const weights: Encoded[] = [];
  for (const weight of model.weights) weights.push(messageField(5, await tensor(weight)));
  const graph = message(
    model.nodes.map((node) => messageField(1, encodeNode(node))),
    stringField(2, model.name),
    weights,
    model.inputs.map((value) => messageField(11, encodeValue(value))),
    model.outputs.map((value) => messageField(12, encodeValue(value))),
  );
  const encoded = message(
    integerField(1, IR_VERSION),
    stringField(2, 'attune'),
    messageField(7, graph),
    messageField(8, message(stringField(1, ''), integerField(2, model.operatorSet))),
    Object.entries(model.metadata).map(([name, value]) =>
      messageField(14, message(stringField(1, name), stringField(2, value))),
    ),
  );
  if (encoded.length > MAX_BYTES) throw tooLarge();
  yield* encoded.pieces;
}

/** NodeProto. */
function encodeNode({ type, name, inputs, outputs, attributes = {} }: OnnxNode): Encoded {
  return message(
    inputs.map((input) => stringField(1, input)),
    outputs.map((output) => stringField(2, output)),
    stringField(3, name),
    stringField(4, type),
    Object.entries(attributes).map(([key, value]) => messageField(5, encodeAttribute(key, value))),
  );
}

/** AttributeProto: name, value, kind. */
function encodeAttribute(name: string, value: OnnxAttribute): Encoded {
  if (typeof value === 'number') {
    return message(stringField(1, name), integerField(3, value), integerField(20, ATTRIBUTE.INT));
  }
  if ('float' in value) {
    return message(stringField(1, name), floatField(2, value.float), integerField(20, ATTRIBUTE.FLOAT));
  }
  if ('text' in value) {
    return message(stringField(1, name), stringField(4, value.text), integerField(20, ATTRIBUTE.STRING));
  }
  const items = value.map((item) => integerField(8, item));
  return message(stringField(1, name), items, integerField(20, ATTRIBUTE.INTS));
}

/** ValueInfoProto with a TypeProto.Tensor. */
function encodeValue({ name, shape, description }: OnnxValue): Encoded {
  const dimensions = shape.map((size) =>
    messageField(1, typeof size === 'number' ? integerField(1, size) : stringField(2, size)),
  );
  const type = message(integerField(1, FLOAT), messageField(2, message(dimensions)));
  return message(
    stringField(1, name),
    messageField(2, messageField(1, type)),
    description === undefined ? [] : [stringField(3, description)],
  );
}

/** TensorProto with raw_data. */
async function tensor(weight: TensorToWrite): Promise<Encoded> {
  const { name, dtype, shape } = weight;
  const type = DATA_TYPES[dtype];
  if (type === undefined) throw notWritable(name, `the type ${dtype} is not written to ONNX files`);
  return message(
    shape.map((size) => integerField(1, size)),
    integerField(2, type),
    stringField(8, name),
    bytesField(9, await bytesToWrite(weight)),
  );
}

function tooLarge(): Error {
  return notWritable('model', `an ONNX file ends at ${MAX_BYTES} bytes, and the weights take more`);
}
