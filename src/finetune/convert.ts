/**
 * `attune convert`: the weights of a run, a checkpoint or a file in the form that another program reads. What a network
 * of attune's becomes is written from the model itself, so whatever libraries named and laid out its tensors, the result
 * has torchvision's names. Of other networks the tensors are copied as they are.
 */
import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { AttuneError } from '../errors.js';
import {
  openTensorFile,
  type TensorFile,
  type TensorToWrite,
  writeSafetensors,
  writeTorch,
} from '../formats/index.js';
import { detectArchitecture, modelTensors, readCounters, torchStateDict } from '../models/index.js';
import { resolveWeights } from '../weights/index.js';
import { checkpointInfo } from './checkpoint.js';
import { checkpointOf, loadModel, resolveOptions } from './model-source.js';
import type { RunContext } from './options.js';

/** What to convert, and to what. */
export interface ConvertOptions {
  /** A run folder, a checkpoint, a weights file, or a name of weights. */
  readonly from: string;
  /** The file to write; its ending says the format. Nothing may have this name yet. */
  readonly to: string;
}

/** What was written. */
export interface ConvertResult {
  /** The file that was read. */
  readonly input: string;
  readonly output: string;
  readonly format: ConvertFormat;
  /** Of the network; null where it is none of attune's. */
  readonly model: string | null;
  /** Labels of its outputs, where the input names them. */
  readonly classes: readonly string[] | null;
  readonly tensors: number;
  readonly bytes: number;
  /** What the input holds and the output has no place for. */
  readonly dropped: readonly string[];
}

/** What an opened input gives to whichever format is written. */
interface Contents {
  readonly model: string | null;
  readonly classes: readonly string[] | null;
  readonly tensors: readonly TensorToWrite[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly skipped: number;
}

interface Target {
  readonly endings: readonly string[];
  /** Whether classes, preprocessing and recipe of a checkpoint go along. */
  readonly keepsMetadata: boolean;
  write(path: string, contents: Contents): Promise<void>;
}

/** A format that `convert` writes. */
export type ConvertFormat = 'safetensors' | 'pytorch';

const TARGETS: Readonly<Record<ConvertFormat, Target>> = {
  safetensors: {
    endings: ['.safetensors'],
    keepsMetadata: true,
    // Hugging Face's programs refuse files that do not say whose layout they have.
    write: (path, { tensors, metadata }) => writeSafetensors(path, tensors, { format: 'pt', ...metadata }),
  },
  pytorch: {
    endings: ['.pth', '.pt', '.bin'],
    keepsMetadata: false,
    write: (path, { tensors }) => writeTorch(path, tensors),
  },
};

/**
 * Converts. Throws AttuneError 'usage' when the name of the output tells no format, 'input' when it is taken or there is
 * no such input, 'weights' when the input is damaged, 'disk', and what a download throws.
 */
export async function convert(
  { from, to }: ConvertOptions,
  context: RunContext = {},
): Promise<ConvertResult> {
  const format = formatOf(to);
  const target: Target = TARGETS[format];
  const output = resolve(to);
  await assertFree(output, to);
  const input = await inputOf(from, context);
  const file = await openTensorFile(input);
  try {
    const contents = await contentsOf(file, input, context);
    await target.write(output, contents);
    const { model, classes, tensors } = contents;
    const { size: bytes } = await stat(output);
    const dropped = droppedBy(target, contents);
    return { input, output, format, model, classes, tensors: tensors.length, bytes, dropped };
  } finally {
    await file.close();
  }
}

function formatOf(path: string): ConvertFormat {
  const ending = extname(path).toLowerCase();
  const formats = Object.entries<Target>(TARGETS) as [ConvertFormat, Target][];
  const found = formats.find(([, { endings }]) => endings.includes(ending));
  if (found !== undefined) return found[0];
  throw new AttuneError({
    code: 'usage',
    what: ending === '' ? 'the name has no ending, which says the format' : `no format ends with ${ending}`,
    where: path,
    hint: `end it with ${formats.flatMap(([, { endings }]) => endings).join(', ')}`,
  });
}

async function assertFree(output: string, to: string): Promise<void> {
  if ((await stat(output).catch(() => null)) === null) return;
  const hint = 'remove it, or give another name';
  throw new AttuneError({ code: 'input', what: 'there is a file of this name already', where: to, hint });
}

/** The path of the input: a run's best checkpoint, or a file, downloaded where it is a name. */
async function inputOf(from: string, context: RunContext): Promise<string> {
  const isFolder = (await stat(from).catch(() => null))?.isDirectory() ?? false;
  if (isFolder) return checkpointOf(from);
  return (await resolveWeights(from, resolveOptions(context))).path;
}

async function contentsOf(file: TensorFile, path: string, context: RunContext): Promise<Contents> {
  const { metadata, skipped } = file;
  const found = detectArchitecture(modelTensors(file));
  if (found === null || !found.supported) {
    const tensors = file.tensors.map(({ name, dtype, shape, readRaw }) => ({
      name,
      dtype,
      shape,
      data: readRaw,
    }));
    return { model: null, classes: null, tensors, metadata, skipped: skipped.length };
  }
  const { model } = await loadModel({ weights: path }, context);
  const tensors = await torchStateDict(model, await readCounters(file));
  const classes = checkpointInfo(file, path)?.classes ?? null;
  // A file without a head: the model's own is random, and nobody asked for it.
  const hasHead = found.classes !== null;
  const given = tensors.filter(({ name }) => hasHead || !name.startsWith(`${model.headName}.`));
  return { model: model.architecture, classes, tensors: given, metadata, skipped: skipped.length };
}

function droppedBy({ keepsMetadata }: Target, { metadata, skipped }: Contents): string[] {
  const dropped = keepsMetadata ? [] : Object.keys(metadata).filter((key) => key !== 'format');
  if (skipped > 0) dropped.push(`${skipped} ${skipped === 1 ? 'entry' : 'entries'} that are no tensors`);
  return dropped;
}
