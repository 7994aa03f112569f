/** The formats that `convert` writes: the endings of their names, what they can hold, and how they are written. */
import { imageSettings, type Preprocessing, inputOf } from '../../inputs/index.js';
import { rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AttuneError } from '../../errors.js';
import { commandLine } from '../../runs/command-line.js';
import {
  makeFolder,
  type OnnxModel,
  replaceFile,
  shardNames,
  shards,
  type TensorToWrite,
  tfjsJson,
  type TfjsModel,
  writeKeras,
  writeOnnx,
  writeSafetensors,
  writeTorch,
} from '../../formats/index.js';
import {
  type BatchCounters,
  graphOf,
  inNamesOf,
  type KerasModel,
  kerasModel,
  kerasWeights,
  type NameLibrary,
  type OnnxDescription,
  onnxModel,
  torchStateDict,
} from '../../models/index.js';
import { NearestNeighbors } from '../../nn/index.js';
import { CHECKPOINT_FORMAT, plainMetadata } from '../../runs/checkpoint.js';
import { type ConvertInput, type ImageLayout, inputFor, inputText } from './convert-input.js';
import { hubFiles } from './hub-files.js';
import { noHeadText } from '../../runs/left-out-layers.js';
import { type LoadedModel, placeholderLabel } from '../../runs/model-source.js';

/** What an opened input gives to whichever format is written. */
export interface Contents {
  /** Null for a network that attune does not have. */
  readonly loaded: LoadedModel | null;
  readonly counters: BatchCounters;
  /** Whose names a state dict gets. */
  readonly names: NameLibrary;
  /** The tensors of the input as they are. */
  readonly copies: readonly TensorToWrite[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Path of the input, for errors. */
  readonly where: string;
}

interface Target {
  readonly endings: readonly string[];
  /** Whether classes, preprocessing and recipe of a checkpoint go along. */
  readonly keepsMetadata: boolean;
  /** Whether the names of tensors are what its readers go by. */
  readonly hasNames: boolean;
  readonly layout: ImageLayout;
  write(path: string, contents: Contents): Promise<Written>;
}

interface Written {
  readonly tensors: number;
  /** All files, the named one first. */
  readonly files: readonly string[];
  /** The order of the channels of its images. Default: red, green, blue. */
  readonly channels?: ConvertInput['channels'];
}

/** A format that `convert` writes. */
export type ConvertFormat = 'safetensors' | 'pytorch' | 'onnx' | 'tfjs' | 'keras' | 'huggingface';

const TARGETS: Readonly<Record<ConvertFormat, Target>> = {
  safetensors: {
    endings: ['.safetensors'],
    keepsMetadata: true,
    hasNames: true,
    layout: 'channels-first',
    async write(path, contents) {
      const tensors = await stateDictOf(contents);
      // Hugging Face's programs refuse files that do not say whose layout they have.
      await writeSafetensors(path, tensors, { format: 'pt', ...contents.metadata });
      return { tensors: tensors.length, files: [path] };
    },
  },
  pytorch: {
    endings: ['.pth', '.pt', '.bin'],
    keepsMetadata: false,
    hasNames: true,
    layout: 'channels-first',
    async write(path, contents) {
      if (contents.loaded !== null)
        refuseStoredImages(contents.loaded, 'a PyTorch state dict', contents.where);
      const tensors = await stateDictOf(contents);
      await writeTorch(path, tensors);
      return { tensors: tensors.length, files: [path] };
    },
  },
  onnx: {
    endings: ['.onnx'],
    keepsMetadata: true,
    hasNames: false,
    layout: 'channels-first',
    async write(path, contents) {
      const onnx = await onnxOf(classifierOf(contents, 'ONNX'), contents);
      await writeOnnx(path, onnx);
      return { tensors: onnx.weights.length, files: [path] };
    },
  },
  // A folder, as from_pretrained of transformers and transformers.js takes it.
  huggingface: {
    endings: [],
    keepsMetadata: true,
    hasNames: true,
    layout: 'channels-first',
    async write(path, contents) {
      const loaded = classifierOf(contents, "Hugging Face's folder");
      const texts = hubFiles(loaded, settingsOf(loaded), contents.where);
      const tensors = await stateDictOf(contents);
      const onnx = await onnxOf(loaded, contents, { input: 'pixel_values', output: 'logits' });
      const [weights, graph] = [join(path, 'model.safetensors'), join(path, 'onnx', 'model.onnx')];
      try {
        await makeFolder(join(path, 'onnx'));
        await writeSafetensors(weights, tensors, { format: 'pt', ...contents.metadata });
        await writeOnnx(graph, onnx);
        for (const [name, text] of texts)
          await replaceFile(join(path, name), [new TextEncoder().encode(text)]);
      } catch (error) {
        await rm(path, { recursive: true, force: true }).catch(() => undefined);
        throw error;
      }
      return {
        tensors: tensors.length,
        files: [weights, graph, ...[...texts.keys()].map((name) => join(path, name))],
      };
    },
  },
  keras: {
    endings: ['.h5'],
    keepsMetadata: true,
    hasNames: false,
    layout: 'channels-last',
    async write(path, contents) {
      const loaded = classifierOf(contents, 'Keras');
      const { config, layers, channels } = await kerasOf(loaded);
      const text = inputText(inputFor(settingsOf(loaded), 'channels-last', channels));
      const metadata = { ...describe(loaded, contents), input_description: text };
      await writeKeras(path, { config, layers, metadata });
      return { tensors: layers.flatMap(({ variables }) => variables).length, files: [path], channels };
    },
  },
  tfjs: {
    endings: ['.json'],
    keepsMetadata: true,
    hasNames: false,
    layout: 'channels-last',
    async write(path, contents) {
      const loaded = classifierOf(contents, 'TensorFlow.js');
      const keras = await kerasOf(loaded);
      const { channels, config } = keras;
      const weights = kerasWeights(keras);
      const text = inputText(inputFor(settingsOf(loaded), 'channels-last', channels));
      const metadata = { ...describe(loaded, contents), input_description: text };
      return {
        tensors: weights.length,
        files: await writeTfjs(path, { config, weights, metadata }),
        channels,
      };
    },
  },
};

/** The format that a file of this ending has, or undefined. */
export function formatOfEnding(ending: string): ConvertFormat | undefined {
  const formats = Object.entries<Target>(TARGETS) as [ConvertFormat, Target][];
  return formats.find(([, { endings }]) => endings.includes(ending))?.[0];
}

/** All endings, for an error. */
export function targetEndings(): string[] {
  return Object.values<Target>(TARGETS).flatMap(({ endings }) => endings);
}

export function targetOf(format: ConvertFormat): Target {
  return TARGETS[format];
}

/** A known network's state dict by a library's names, without a head that the input does not hold; else the copies. */
async function stateDictOf(contents: Contents): Promise<readonly TensorToWrite[]> {
  const { loaded, counters, copies, names } = contents;
  if (loaded === null) return copies;
  // What the model has in place of a head that the input lacks is random.
  const { model, hasHead } = loaded;
  const tensors = await torchStateDict(model, counters);
  const kept = tensors.filter(({ name }) => hasHead || !name.startsWith(`${model.headName}.`));
  return inNamesOf(names, model.architecture, kept);
}

/** The model, where there is all of it: a graph cannot do without. */
function classifierOf({ loaded, where }: Contents, format: string): LoadedModel {
  if (loaded?.hasHead) {
    refuseStoredImages(loaded, format, where);
    return loaded;
  }
  const [what, hint] =
    loaded === null
      ? ['the weights are those of no network that attune has', 'write them as .pth or .safetensors']
      : [noHeadText(loaded), `train a last layer with ${commandLine(['finetune'])}`];
  throw new AttuneError({ code: 'weights', what: `${what}, and ${format} needs it`, where, hint });
}

/** No other program has a last layer that keeps images and lets the nearest vote. */
function refuseStoredImages({ model }: LoadedModel, format: string, where: string): void {
  if (!(model.head instanceof NearestNeighbors)) return;
  throw new AttuneError({
    code: 'weights',
    what: `the head of nearest neighbours cannot be written as ${format}`,
    where,
    hint: 'use .safetensors, or train with --head prototypes or logistic',
  });
}

/**
 * The metadata of a graph: a checkpoint's own, or the same for weights that attune did not train. Labels make it one that
 * is read back as a checkpoint is.
 */
function describe({ model, task, input }: LoadedModel, { metadata }: Contents): Record<string, string> {
  const hasLabels = task.names.some((label, i) => label !== placeholderLabel(i));
  return {
    model: model.architecture,
    ...(hasLabels && { attune: CHECKPOINT_FORMAT, task: JSON.stringify(task.info) }),
    input: JSON.stringify(input),
    ...plainMetadata(task.info, input),
    ...metadata,
  };
}

/** The network as a graph, whose input has a name of its own where a program asks for it. */
async function onnxOf(
  loaded: LoadedModel,
  contents: Contents,
  names?: OnnxDescription['names'],
): Promise<OnnxModel> {
  const { model, task, input } = loaded;
  return onnxModel(await graphOf(model, inputOf(input).shape), {
    name: model.architecture,
    input: inputText(inputFor(settingsOf(loaded), 'channels-first', 'RGB')),
    ...(names && { names }),
    metadata: describe(loaded, contents),
    activation: task.activation,
  });
}

function settingsOf({ input }: LoadedModel): Preprocessing {
  return imageSettings(input, 'an ONNX, Keras or TensorFlow.js graph');
}

async function kerasOf(loaded: LoadedModel): Promise<KerasModel> {
  const { model } = loaded;
  const graph = await graphOf(model, inputOf(loaded.input).shape);
  return kerasModel(graph, model.architecture, loaded.task.activation);
}

/** Writes the weights, and then the file that stands for the whole; all of them, or none. */
async function writeTfjs(path: string, model: TfjsModel): Promise<string[]> {
  const beside = (name: string) => join(dirname(path), name);
  const files = [path, ...shardNames(model).map(beside)];
  for (const file of files) await assertFree(file);
  try {
    for await (const { name, pieces } of shards(model)) await replaceFile(beside(name), pieces);
    await replaceFile(path, [new TextEncoder().encode(tfjsJson(model))]);
  } catch (error) {
    await Promise.all(files.map((file) => rm(file, { force: true }).catch(() => undefined)));
    throw error;
  }
  return files;
}

/** Throws AttuneError 'input' when something has this name already. */
export async function assertFree(path: string): Promise<void> {
  if ((await stat(path).catch(() => null)) === null) return;
  const hint = 'remove it, or give another name';
  throw new AttuneError({ code: 'input', what: 'there is a file of this name already', where: path, hint });
}
