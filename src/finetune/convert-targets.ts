/** The formats that `convert` writes: the endings of their names, what they can hold, and how they are written. */
import { AttuneError } from '../errors.js';
import { type TensorToWrite, writeOnnx, writeSafetensors, writeTorch } from '../formats/index.js';
import {
  type BatchCounters,
  graphOf,
  type NameLibrary,
  namesOf,
  onnxModel,
  torchStateDict,
} from '../models/index.js';
import { sideOf } from './inference.js';
import { type LoadedModel, placeholderLabel } from './model-source.js';

/** What an opened input gives to whichever format is written. */
export interface Contents {
  /** Null for a network that attune does not have. */
  readonly loaded: LoadedModel | null;
  /** Whether the input holds the network's last layer; what the model has in its place is random. */
  readonly hasHead: boolean;
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
  /** Returns how many tensors were written. */
  write(path: string, contents: Contents): Promise<number>;
}

/** A format that `convert` writes. */
export type ConvertFormat = 'safetensors' | 'pytorch' | 'onnx';

const TARGETS: Readonly<Record<ConvertFormat, Target>> = {
  safetensors: {
    endings: ['.safetensors'],
    keepsMetadata: true,
    hasNames: true,
    async write(path, contents) {
      const tensors = await stateDictOf(contents);
      // Hugging Face's programs refuse files that do not say whose layout they have.
      await writeSafetensors(path, tensors, { format: 'pt', ...contents.metadata });
      return tensors.length;
    },
  },
  pytorch: {
    endings: ['.pth', '.pt', '.bin'],
    keepsMetadata: false,
    hasNames: true,
    async write(path, contents) {
      const tensors = await stateDictOf(contents);
      await writeTorch(path, tensors);
      return tensors.length;
    },
  },
  onnx: {
    endings: ['.onnx'],
    keepsMetadata: true,
    hasNames: false,
    async write(path, contents) {
      const loaded = classifierOf(contents, 'ONNX');
      const { model, preprocessing } = loaded;
      const onnx = onnxModel(await graphOf(model, sideOf(preprocessing)), {
        name: model.architecture,
        input: describeInput(loaded),
        metadata: describe(loaded, contents),
      });
      await writeOnnx(path, onnx);
      return onnx.weights.length;
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
  const { loaded, hasHead, counters, copies, names } = contents;
  if (loaded === null) return copies;
  const { model } = loaded;
  const nameOf = namesOf(names, model.architecture);
  const tensors = await torchStateDict(model, counters);
  return tensors
    .filter(({ name }) => hasHead || !name.startsWith(`${model.headName}.`))
    .map((tensor) => ({ ...tensor, name: nameOf(tensor.name) }));
}

/** The model, where there is all of it: a graph cannot do without. */
function classifierOf({ loaded, hasHead, where }: Contents, format: string): LoadedModel {
  if (loaded !== null && hasHead) return loaded;
  const [what, hint] =
    loaded === null
      ? ['the weights are those of no network that attune has', 'write them as .pth or .safetensors']
      : ['the weights have no last layer', 'train one with attune finetune'];
  throw new AttuneError({ code: 'weights', what: `${what}, and ${format} needs it`, where, hint });
}

function describeInput({ preprocessing: { mean, std } }: LoadedModel): string {
  return `RGB images as numbers from 0 to 1, minus [${mean.join(', ')}], divided by [${std.join(', ')}]`;
}

/** The metadata of a graph: a checkpoint's own, or the same for weights that attune did not train. */
function describe(
  { model, classes, preprocessing }: LoadedModel,
  { metadata }: Contents,
): Record<string, string> {
  const hasLabels = classes.some((label, i) => label !== placeholderLabel(i));
  return {
    model: model.architecture,
    ...(hasLabels && { classes: JSON.stringify(classes) }),
    preprocessing: JSON.stringify(preprocessing),
    ...metadata,
  };
}
