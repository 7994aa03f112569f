/** `attune inspect`: what a weights file holds. Tensors are listed, not read. */
import { inputRow } from '../../inputs/index.js';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type CheckpointInfo, checkpointInfo, resolveOptions } from '../../finetune/index.js';
import { someOf } from '../../runs/left-out-layers.js';
import { checkpointOf } from '../../runs/model-source.js';
import { taskOf } from '../../tasks/index.js';
import { openTensorFile, type TensorFile, type TensorInfo } from '../../formats/index.js';
import { findModel, type Identity, identify, layerNames, modelTensors } from '../../models/index.js';
import { isHubName, resolveWeights } from '../../weights/index.js';
import { usageError } from '../errors.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts, table } from '../table.js';
import { count, counted, oneLine } from '../../text.js';

const FORMATS: Readonly<Record<TensorFile['format'], string>> = {
  safetensors: 'safetensors',
  'pytorch-zip': 'PyTorch (zip)',
  'pytorch-legacy': 'PyTorch (before version 1.6)',
  'keras-h5': 'Keras .h5',
  'keras-weights-h5': 'Keras 3 .weights.h5',
  keras: 'Keras 3 .keras',
  'safetensors-sharded': 'safetensors, in several files',
  onnx: 'ONNX',
  npz: 'NumPy .npz',
  'tfjs-layers': 'TensorFlow.js layers model',
  'tfjs-graph': 'TensorFlow.js graph model',
};

/** Tensors of a state dict that are no parameters: batch norm's statistics. */
const STATISTICS = /(?:^|[./])(?:running_mean|running_var|num_batches_tracked|moving_mean|moving_variance)$/;

interface Contents {
  /** The name of the checkpoint of a run folder; null for a file that was named. */
  readonly checkpoint: string | null;
  readonly file: TensorFile;
  readonly architecture: Identity | null;
  /** What attune left in the file; null when it did not write it. */
  readonly info: CheckpointInfo | null;
  readonly tensors: readonly TensorInfo[];
  readonly parameters: number;
  /** Layers by index, with `--layers`. */
  readonly layers: readonly string[] | null;
}

export async function inspectCommand(
  name: string,
  showLayers: boolean,
  json: boolean,
  output: Output,
): Promise<number> {
  const isRun = (await stat(name).catch(() => null))?.isDirectory() ?? false;
  const path = isRun ? await checkpointOf(name) : isHubName(name) ? await downloaded(name, output) : name;
  const file = await openTensorFile(path);
  try {
    const tensors = file.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
    const architecture = identify(modelTensors(file));
    const contents: Contents = {
      checkpoint: isRun ? basename(path) : null,
      file,
      architecture,
      info: checkpointInfo(file, path),
      tensors,
      parameters: countParameters(tensors),
      layers: showLayers ? layersOf(architecture, path) : null,
    };
    if (json) output.json(toJson(contents));
    else printContents(contents, output);
  } finally {
    await file.close();
  }
  return 0;
}

/** The path of weights of the Hugging Face hub. */
async function downloaded(name: string, output: Output): Promise<string> {
  return withSession(output, async (context) => (await resolveWeights(name, resolveOptions(context))).path);
}

function toJson({ file, architecture, info, tensors, parameters, layers }: Contents): unknown {
  return {
    format: file.format,
    architecture: architecture?.name ?? null,
    parameters,
    ...(architecture !== null && architecture.otherHead.length > 0 && { left_out: architecture.otherHead }),
    ...(info && { ...taskOf(info.task).document, preprocessing: info.input.settings }),
    tensors,
    ...(layers && { layers: layers.map((name, index) => ({ index, name })) }),
  };
}

function printContents(contents: Contents, output: Output): void {
  const { checkpoint, file, architecture, info, tensors, parameters, layers } = contents;
  const { bold } = output.paint;
  const lines: [string, string][] = [
    ...(checkpoint === null ? [] : ([['of the run', checkpoint]] as [string, string][])),
    ['format', FORMATS[file.format]],
    ['architecture', describeArchitecture(architecture)],
    ['parameters', count(parameters)],
    ['tensors', count(tensors.length)],
  ];
  if (info !== null) {
    const { document, plural } = taskOf(info.task);
    const [names] = Object.values(document);
    lines.push([plural, describeNames(names)], [inputRow(info.input.kind).files.many, describeInput(info)]);
  }
  if (file.skipped.length > 0) lines.push(['also holds', alsoHolds(file)]);
  lines.push(['good for', useOf(architecture)]);
  output.print(facts(lines), '');
  if (layers !== null) {
    const rows = layers.map((name, index) => [String(index), name]);
    output.print(table([{ title: 'index', align: 'right' }, { title: 'layer' }], rows));
  } else {
    const rows = tensors.map(({ name, dtype, shape }) => [name, dtype, shape.join(' x ') || 'scalar']);
    const lines = table([{ title: 'tensor' }, { title: 'type' }, { title: 'shape' }], rows);
    output.print(bold(lines[0]), lines.slice(1));
  }
}

function describeArchitecture(architecture: Contents['architecture']): string {
  if (architecture === null) return 'unknown';
  const { name, classes, supported, otherHead } = architecture;
  if (otherHead.length > 0) return `${name}, with another head: ${someOf(otherHead)}`;
  const head = classes === null ? ', without a head' : `, ${counted(classes, 'class', 'classes')}`;
  return `${name}${head}${supported ? '' : ' (attune does not have this network)'}`;
}

/** Labels that are shown of a longer list. */
const SHOWN_NAMES = 8;

/** Classes, or columns of values. */
function describeNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).map(oneLine).join(', ');
  return names.length > SHOWN_NAMES ? `${shown}, ... (${count(names.length)})` : shown;
}

function describeInput({ input: { kind, settings } }: CheckpointInfo): string {
  return inputRow(kind).describe(settings);
}

/** The commands that take such a file. */
function useOf(architecture: Identity | null): string {
  if (!architecture?.supported) return 'convert, which copies its tensors as they are';
  const { name, classes, hasTrunk, hasMore, otherHead } = architecture;
  if (hasMore) return `nothing here: tensors that are no part of ${name}, and no head for it`;
  if (!hasTrunk) return `nothing here: tensors that ${name} needs are missing, or have other shapes`;
  if (classes !== null) return 'finetune, evaluate and predict with --weights; convert';
  const left = otherHead.length === 0 ? '' : `, which leave ${someOf(otherHead)} out`;
  return `finetune with --weights, and convert${left}; nothing answers before a head is trained`;
}

/** Entries that are no tensors, by kind. */
function alsoHolds({ skipped }: TensorFile): string {
  const kinds = new Map<string, number>();
  for (const { kind } of skipped) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return [...kinds].map(([kind, n]) => (n === 1 ? kind : `${kind} (${count(n)})`)).join(', ');
}

function countParameters(tensors: readonly TensorInfo[]): number {
  return tensors
    .filter(({ name }) => !STATISTICS.test(name))
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** The names that --train-from takes. Throws AttuneError 'usage' when the network is not one of attune's. */
function layersOf(architecture: Contents['architecture'], path: string): string[] {
  if (architecture === null || !architecture.supported) {
    const what =
      architecture === null
        ? 'the weights are not those of a known network'
        : `attune does not have ${architecture.name}`;
    throw usageError(what, path, 'leave out --layers');
  }
  return layerNames(
    findModel(architecture.name).create({ classes: architecture.classes ?? 1, ...architecture.options }),
  );
}
