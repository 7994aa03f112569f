/**
 * `attune convert`: the weights of a run, a checkpoint or a file in the form that another program reads. What a network
 * of attune's becomes is written from the model itself, so whatever libraries named and laid out its tensors, the result
 * has torchvision's names. The tensors of other networks are copied as they are.
 */
import { settingsOfImages } from '../../inputs/index.js';
import { refuseUnknown } from '../../recipe/option-names.js';
import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../../errors.js';
import { MOST_JSON, openTensors, type TensorFile } from '../../formats/index.js';
import {
  detectArchitecture,
  modelTensors,
  type NameLibrary,
  networkIn,
  readCounters,
} from '../../models/index.js';
import type { OptionNames } from '../../option-names.js';
import { resolveWeights } from '../../weights/index.js';
import { checkpointInfo } from '../../runs/checkpoint.js';
import {
  assertFree,
  type Contents,
  type ConvertFormat,
  formatOfEnding,
  targetEndings,
  targetOf,
} from './convert-targets.js';
import { type ConvertInput, inputFor, withTemperature } from './convert-input.js';
import { constantsToWrite } from '../../runs/network-constants.js';
import { resolveOptions } from '../../runs/download-events.js';
import { checkpointOf, loadModel } from '../../runs/model-source.js';
import type { RunContext } from '../../recipe/options.js';
import { withNamesOnly } from '../../recipe/names-only.js';
import { taskOf } from '../../tasks/index.js';

export type { ConvertInput, ImageLayout } from './convert-input.js';
export type { ConvertFormat } from './convert-targets.js';

/** What to convert, and to what. */
export interface ConvertOptions {
  /** A run folder, a checkpoint, a weights file, or a name of weights. */
  readonly from: string;
  /**
   * The file to write; its ending says the format. With Hugging Face's names and without an ending, the folder that its
   * programs read, transformers.js by the ONNX graph in it; where images have another size than the network's positions
   * are for, Python's asks for `interpolate_pos_encoding=True`. Nothing may have this name yet.
   */
  readonly to: string;
  /** Whose names the tensors of a state dict get. Default: torchvision's. */
  readonly names?: NameLibrary;
}

const NAMES: OptionNames<ConvertOptions> = { from: true, to: true, names: true };

/** What was written. */
export interface ConvertResult {
  /** The file that was read. */
  readonly input: string;
  readonly output: string;
  /** The output and what lies beside it. */
  readonly files: readonly string[];
  readonly format: ConvertFormat;
  /** The network's name; null where it is none of attune's. */
  readonly model: string | null;
  /** Labels of its outputs, or columns of a regression, where the input names them. */
  readonly classes: readonly string[] | null;
  /** How many outputs the network has; null for one without its last layer, or of no known network. */
  readonly outputs: number | null;
  /** How to prepare an image for it; null where the network is none of attune's. */
  readonly preprocessing: ConvertInput | null;
  /**
   * By which the weights and bias of the last layer were divided, so that a softmax over the logits gives what `predict`
   * says of the run; null where the input has no temperature, or keeps it beside a last layer that is not linear.
   */
  readonly temperature: number | null;
  /** What loads a state dict in the library whose names it has; null where that has no such network. */
  readonly reader: { readonly library: NameLibrary; readonly network: string } | null;
  readonly tensors: number;
  /** The size of all files. */
  readonly bytes: number;
  /** What the input holds and the output has no place for. */
  readonly dropped: readonly string[];
  /** Last layers of the input that the network does not have: of such a file the rest alone is written. */
  readonly left_out: readonly string[];
}

/**
 * Converts. Throws AttuneError 'usage' when the name of the output tells no format, 'input' when it is taken or there is
 * no such input, 'weights' when the input is damaged, 'disk', and what a download throws.
 */
export async function convert(options: ConvertOptions, context: RunContext = {}): Promise<ConvertResult> {
  refuseUnknown(options, NAMES, context, 'convert');
  const { from, to, names } = options;
  const format = formatOf(to, names);
  if (names !== undefined && !targetOf(format).hasNames) {
    throw namesWithoutUse('tensors have names that matter in .safetensors and .pth only', to);
  }
  const output = resolve(to);
  await assertFree(output);
  const { path: input, weights } = await inputOf(from, context);
  const file = await openTensors(input, { signal: context.signal });
  try {
    const library = names ?? 'torchvision';
    const { contents, folded } = await contentsOf(file, weights, library, context);
    const { loaded } = contents;
    if (names !== undefined && loaded === null) {
      throw namesWithoutUse('tensors of a network that attune does not have are copied as they are', input);
    }
    const { write, layout, hasNames } = targetOf(format);
    const { tensors, files, channels = 'RGB' } = await write(output, contents);
    const images = loaded && settingsOfImages(loaded.input);
    const network = loaded === null || !hasNames ? null : networkIn(library, loaded.model.architecture);
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    return {
      input,
      output,
      files,
      format,
      model: loaded?.model.architecture ?? null,
      classes: namesIn(file, input),
      outputs: loaded?.hasHead ? loaded.model.classes : null,
      preprocessing: images && inputFor(images, layout, channels),
      temperature: folded,
      reader: network === null ? null : { library, network },
      tensors,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      dropped: droppedBy(format, contents, file),
      left_out: loaded?.leftOut ?? [],
    };
  } finally {
    await file.close();
  }
}

function namesIn(file: TensorFile, path: string): readonly string[] | null {
  const info = checkpointInfo(file, path);
  return info === null ? null : taskOf(info.task).names;
}

/** The format of a name; with Hugging Face's names one without an ending is a folder. */
function formatOf(path: string, names: NameLibrary | undefined): ConvertFormat {
  const ending = extname(path).toLowerCase();
  if (ending === '' && names === 'huggingface') return 'huggingface';
  const format = formatOfEnding(ending);
  if (format !== undefined) return format;
  throw new AttuneError({
    code: 'usage',
    what: ending === '' ? 'the name has no ending, which says the format' : `no format ends with ${ending}`,
    where: path,
    hint: `end it with ${targetEndings().join(', ')}`,
  });
}

function namesWithoutUse(what: string, where: string): AttuneError {
  return new AttuneError({ code: 'usage', what, where, hint: 'leave out --names' });
}

/** The file to read, and what `--weights` would call it: a run's best checkpoint, a file, or a name. */
async function inputOf(from: string, context: RunContext): Promise<{ path: string; weights: string }> {
  const isFolder = (await stat(from).catch(() => null))?.isDirectory() ?? false;
  if (!isFolder) return { path: (await resolveWeights(from, resolveOptions(context))).path, weights: from };
  const path = await checkpointOf(from);
  return { path, weights: path };
}

async function contentsOf(
  file: TensorFile,
  weights: string,
  names: NameLibrary,
  context: RunContext,
): Promise<{ contents: Contents; folded: number | null }> {
  const isKnown = detectArchitecture(modelTensors(file))?.supported ?? false;
  const { loaded, folded } = isKnown
    ? withTemperature(await loadModel({ weights }, context))
    : { loaded: null, folded: null };
  const contents: Contents = {
    loaded,
    counters: await readCounters(file),
    names,
    copies: file.tensors.map(({ name, dtype, shape, readRaw }) => ({ name, dtype, shape, data: readRaw })),
    metadata: {
      ...metadataToWrite(file.metadata, folded),
      ...(loaded !== null && constantsToWrite(loaded.model)),
    },
    where: weights,
  };
  return { contents, folded };
}

/**
 * The metadata without a temperature that is in the weights, by which no reader may divide once more, and without paths:
 * checkpoints of earlier versions have them in their recipe.
 */
function metadataToWrite(metadata: TensorFile['metadata'], folded: number | null): TensorFile['metadata'] {
  const { temperature, recipe, ...others } = metadata;
  const fields = v.record(v.string(), v.unknown());
  const stored = v.safeParse(v.pipe(v.string(), v.maxLength(MOST_JSON), v.parseJson(), fields), recipe);
  return {
    ...others,
    ...(recipe !== undefined && {
      recipe: stored.success ? JSON.stringify(withNamesOnly(stored.output)) : recipe,
    }),
    ...(folded !== null && { folded_temperature: JSON.stringify(folded) }),
    ...(folded === null && temperature !== undefined && { temperature }),
  };
}

function droppedBy(format: ConvertFormat, { metadata }: Contents, { skipped }: TensorFile): string[] {
  const { keepsMetadata } = targetOf(format);
  const kept = ['format', 'folded_temperature'];
  const dropped = keepsMetadata ? [] : Object.keys(metadata).filter((key) => !kept.includes(key));
  if (skipped.length > 0) {
    dropped.push(`${skipped.length} ${skipped.length === 1 ? 'entry' : 'entries'} that are no tensors`);
  }
  return dropped;
}
