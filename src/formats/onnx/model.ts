/**
 * ONNX models: a graph whose initialisers are the weights. Only those nodes are of interest that have weights:
 * convolutions, batch norms and linear layers, in the order of the graph, since exporters often rename what they fold
 * (`onnx::Conv_497`), and then only the order says which weight is which.
 *
 * Read: initialisers and constant nodes of floating-point numbers, these as raw bytes, as lists, or in files in the folder of the model.
 * Not read: sparse initialisers, and graphs within nodes.
 */

import { type ByteSource, closeAll, type SiblingFiles } from '../bytes.js';
import { pagedSource } from '../paged.js';
import { type Field, ProtobufReader } from '../protobuf-read.js';
import {
  byteLength,
  type GraphLayer,
  MAX_TENSORS,
  type SkippedEntry,
  type TensorEntry,
  type TensorFile,
  weightsError,
  quote,
} from '../tensors.js';
import { type ExternalFile, type OnnxFiles, readTensor } from './tensor.js';

/** Types of weights. */
const FLOATS: readonly string[] = ['F32', 'F64', 'F16', 'BF16'];

/** Numbers of fields. */
const MODEL = { producer: 2, producerVersion: 3, graph: 7, metadata: 14 } as const;
const ENTRY = { key: 1, value: 2 } as const;
const GRAPH = { node: 1, initializer: 5, sparseInitializer: 15 } as const;
const NODE = { input: 1, output: 2, opType: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, float: 2, integer: 3, tensor: 5, integers: 8 } as const;

/** The most nodes of a graph, and the most inputs of a node. */
const MAX_NODES = 200_000;
const MAX_INPUTS = 1_000;

/** The most files beside the model; each stays open. */
const MAX_FILES = 1_000;

/** The most bytes of metadata. A thousand class names have about 20,000. */
const MAX_METADATA_BYTES = 16 * 2 ** 20;

/**
 * Tensors may share bytes of a file, and other names may stand for the same tensor; this bounds by how much, so that a small
 * file cannot ask for endless work.
 */
const SHARED_FACTOR = 8;
/** What copies by name may take of any file: of a small network all scales may be one tensor. */
const COPIES_FLOOR = 64 * 2 ** 20;

/**
 * Reads the graph of an ONNX model and offers its weights in the order in which the graph uses them, to be read on
 * demand.
 * @throws AttuneError 'weights' if the model is damaged, or its weights are not where it says or not in its folder.
 */
export async function readOnnx(source: ByteSource, siblings: SiblingFiles | undefined): Promise<TensorFile> {
  const open = new Map<string, ExternalFile>();
  const files: OnnxFiles = {
    reader: new ProtobufReader(pagedSource(source)),
    source,
    external: async (location) => {
      const known = open.get(location);
      if (known !== undefined) return known;
      if (siblings === undefined || open.size === MAX_FILES) {
        throw weightsError(source.name, `weights are in other files, or in more than ${MAX_FILES}`);
      }
      const opened = await siblings.open(location, 'confine');
      const file = { source: opened, bytesLeft: SHARED_FACTOR * opened.size };
      open.set(location, file);
      return file;
    },
  };
  const opened = () => Array.from(open.values(), (file) => file.source);
  try {
    const { metadata, graph } = await readModel(files);
    const model = new Graph(files);
    await model.read(graph);
    const sizes = [source, ...opened()].map(({ size }) => size);
    await model.resolveCopies(SHARED_FACTOR * sizes.reduce((sum, size) => sum + size, 0) + COPIES_FLOOR);
    return {
      format: 'onnx',
      layout: 'pytorch',
      metadata,
      tensors: await model.tensorsByUse(),
      layers: await model.layers(),
      skipped: model.skipped,
      close: () => closeAll([source, ...opened()]),
    };
  } catch (error) {
    // The caller closes the model's file, as it does for every format.
    await closeAll(opened());
    throw error;
  }
}

async function readModel({ reader, source }: OnnxFiles) {
  const where = `${source.name}, model`;
  const metadata = new Map<string, string>();
  const own = new Map<string, string>();
  let graph: Field | undefined;
  let bytesLeft = MAX_METADATA_BYTES;
  for await (const field of reader.fields(0, source.size, where)) {
    if (field.number === MODEL.producer) metadata.set('producer', await reader.text(field, where));
    else if (field.number === MODEL.producerVersion) {
      metadata.set('producer_version', await reader.text(field, where));
    } else if (field.number === MODEL.graph) graph = field;
    else if (field.number === MODEL.metadata) {
      bytesLeft -= field.length;
      const [key, value] = await readEntry(reader, field, bytesLeft, where);
      if (own.has(key)) throw weightsError(where, `the metadata have ${quote(key, 100)} twice`);
      own.set(key, value);
    }
  }
  if (graph === undefined) throw weightsError(where, 'the model has no graph');
  // fromEntries defines its keys, so even "__proto__" is plain text.
  return { metadata: Object.fromEntries([...own, ...metadata]), graph };
}

/** A name and a text that a program has left in the model. */
async function readEntry(
  reader: ProtobufReader,
  field: Field,
  bytesLeft: number,
  where: string,
): Promise<[key: string, value: string]> {
  if (bytesLeft < 0) throw weightsError(where, `the metadata take more than ${MAX_METADATA_BYTES} bytes`);
  let [key, value] = ['', ''];
  for await (const inner of reader.fields(field.start, field.length, where)) {
    if (inner.number === ENTRY.key) key = await reader.text(inner, where);
    else if (inner.number === ENTRY.value) value = await reader.text(inner, where, MAX_METADATA_BYTES);
  }
  return [key, value];
}

/** What a node with weights is, by ONNX's name of its operation. */
const KINDS: Readonly<Record<string, GraphLayer['kind']>> = {
  Conv: 'conv',
  BatchNormalization: 'batch-norm',
  Gemm: 'linear',
  MatMul: 'linear',
};

interface Node {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** The attributes that say how a layer uses its weights. */
const READ_ATTRIBUTES = ['transB', 'strides', 'pads', 'epsilon'];

/** The epsilon of a batch norm that does not say. */
const DEFAULT_EPSILON = 1e-5;

interface Attribute {
  readonly float: number;
  readonly integer: number;
  readonly integers: readonly number[];
}

/** The most numbers of an attribute that is looked at: strides and pads. */
const MAX_INTEGERS = 16;

class Graph {
  readonly skipped: SkippedEntry[] = [];
  readonly #files: OnnxFiles;
  readonly #tensors = new Map<string, TensorEntry>();
  readonly #nodes: Node[] = [];

  constructor(files: OnnxFiles) {
    this.#files = files;
  }

  async read(graph: Field): Promise<void> {
    const { reader, source } = this.#files;
    const where = `${source.name}, graph`;
    for await (const field of reader.fields(graph.start, graph.length, where)) {
      if (field.number === GRAPH.node) await this.#readNode(field);
      else if (field.number === GRAPH.initializer) await this.#addTensor(field, '');
      else if (field.number === GRAPH.sparseInitializer) {
        throw weightsError(where, 'the model has sparse weights, which attune does not read');
      }
    }
  }

  /**
   * Exporters give equal tensors once, and their other names by nodes that copy. Each name is a tensor of its own to whoever
   * reads the file, and all of them together may have `bytes`.
   */
  async resolveCopies(bytes: number): Promise<void> {
    let bytesLeft = bytes;
    const { pauses } = this.#files.source;
    for (const { opType, inputs, output } of this.#nodes) {
      if (pauses.due) await pauses.take();
      const tensor = opType === 'Identity' ? this.#tensors.get(inputs[0]) : undefined;
      if (tensor === undefined || this.#tensors.has(output)) continue;
      bytesLeft -= byteLength(tensor.dtype, tensor.shape) ?? Infinity;
      if (bytesLeft < 0) {
        throw weightsError(this.#where, `its nodes copy ${quote(inputs[0])} and others too often`);
      }
      this.#set(output, { ...tensor, name: output });
    }
  }

  /** All tensors, in the order in which nodes use them; those that none uses come last. */
  async tensorsByUse(): Promise<TensorEntry[]> {
    const { pauses } = this.#files.source;
    const ordered = new Set<TensorEntry>();
    for (const { inputs } of this.#nodes) {
      if (pauses.due) await pauses.take();
      for (const input of inputs) {
        const tensor = this.#tensors.get(input);
        if (tensor !== undefined) ordered.add(tensor);
      }
    }
    for (const tensor of this.#tensors.values()) ordered.add(tensor);
    return [...ordered];
  }

  /** The nodes that have weights. What a convolution or a batch norm computes of another node's result is none. */
  async layers(): Promise<GraphLayer[]> {
    const { pauses } = this.#files.source;
    const layers: GraphLayer[] = [];
    for (const { opType, inputs, attributes } of this.#nodes) {
      if (pauses.due) await pauses.take();
      const kind = Object.hasOwn(KINDS, opType) ? KINDS[opType] : undefined;
      const tensors = inputs.slice(1);
      if (kind === undefined || !tensors.every((name) => this.#tensors.has(name))) continue;
      if (tensors.length === 0) continue;
      const { transB, strides, pads, epsilon } = attributes;
      layers.push({
        kind,
        tensors: tensors.map((name) => (this.#tensors.get(name) as TensorEntry).name),
        transposed: kind === 'linear' && transB?.integer !== 1,
        strides: strides?.integers ?? [],
        pads: pads?.integers ?? [],
        ...(kind === 'batch-norm' && { epsilon: epsilon?.float ?? DEFAULT_EPSILON }),
      });
    }
    return layers;
  }

  async #addTensor(field: Field, fallbackName: string): Promise<void> {
    const tensor = await readTensor(this.#files, field, fallbackName);
    const { name } = tensor;
    if ('kind' in tensor) {
      this.skipped.push(tensor);
      return;
    }
    // Limits, shapes and axes are tensors too, but no weights.
    if (tensor.shape.length === 0 || !FLOATS.includes(tensor.dtype)) {
      this.skipped.push({ name, kind: 'constant' });
      return;
    }
    if (this.#tensors.has(name)) {
      throw weightsError(this.#where, `there are two tensors of the name ${quote(name)}`);
    }
    this.#set(name, tensor);
  }

  #set(name: string, tensor: TensorEntry): void {
    if (name === '') throw weightsError(this.#where, 'a tensor has no name');
    if (this.#tensors.size === MAX_TENSORS) {
      throw weightsError(this.#where, `there are more than ${MAX_TENSORS} tensors`);
    }
    this.#tensors.set(name, tensor);
  }

  get #where(): string {
    return `${this.#files.source.name}, graph`;
  }

  async #readNode(field: Field): Promise<void> {
    const { reader, source } = this.#files;
    const where = `${source.name}, node at byte ${field.start}`;
    const inputs: string[] = [];
    const attributes: Field[] = [];
    let [output, opType] = ['', ''];
    for await (const inner of reader.fields(field.start, field.length, where)) {
      if (inner.number === NODE.input) inputs.push(await reader.text(inner, where));
      else if (inner.number === NODE.output) output ||= await reader.text(inner, where);
      else if (inner.number === NODE.opType) opType = await reader.text(inner, where);
      else if (inner.number === NODE.attribute) attributes.push(inner);
      if (inputs.length + attributes.length > MAX_INPUTS) {
        throw weightsError(where, `a node has more than ${MAX_INPUTS} inputs and attributes`);
      }
    }
    const read: Record<string, Attribute> = {};
    for (const attribute of attributes) {
      const { name, tensor, ...numbers } = await this.#readAttribute(attribute, where);
      if (opType === 'Constant' && tensor !== undefined) await this.#addTensor(tensor, output);
      if (READ_ATTRIBUTES.includes(name)) read[name] = numbers;
    }
    if (this.#nodes.length === MAX_NODES) throw weightsError(where, `there are more than ${MAX_NODES} nodes`);
    this.#nodes.push({ opType, inputs, output, attributes: read });
  }

  async #readAttribute(field: Field, where: string) {
    const { reader } = this.#files;
    let name = '';
    let [float, integer] = [0, 0];
    let tensor: Field | undefined;
    const lists: Field[] = [];
    for await (const inner of reader.fields(field.start, field.length, where)) {
      if (inner.number === ATTRIBUTE.name) name = await reader.text(inner, where);
      else if (inner.number === ATTRIBUTE.float) float = await reader.float(inner, where);
      else if (inner.number === ATTRIBUTE.integer) integer = inner.value;
      else if (inner.number === ATTRIBUTE.tensor) tensor = inner;
      else if (inner.number === ATTRIBUTE.integers && lists.length < MAX_INTEGERS) lists.push(inner);
    }
    const integers: number[] = [];
    if (READ_ATTRIBUTES.includes(name)) {
      for (const list of lists) await reader.counts(list, integers, MAX_INTEGERS, where);
    }
    return { name, float, integer, tensor, integers };
  }
}
