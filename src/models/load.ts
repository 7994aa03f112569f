/** From a weights file to a model. */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { openTensors } from '../formats/any-format/open.js';
import type { TensorFile } from '../formats/index.js';
import { type LoadOptions, type LoadReport, loadStateDict, type WeightsEntry } from '../nn/state-dict.js';
import type { Module } from '../nn/module.js';
import { Network } from './network.js';
import { detectArchitecture, type TensorShape } from './detect.js';
import { modelTensors } from './naming.js';

/** What may differ between the file and the model. */
export interface LoadWeightsOptions extends Pick<LoadOptions, 'strict' | 'exclude'> {
  /** Ends it with AttuneError 'interrupted'; what was loaded until then is. */
  readonly signal?: AbortSignal | undefined;
}

const NAMES: OptionNames<LoadWeightsOptions> = { strict: true, exclude: true, signal: true };

/**
 * Loads a weights file into a model, on the host or on a device, whatever library named its tensors (naming.ts). Numbers
 * of float64 stay as they are where the model's device computes in float64, also when it is moved there afterwards; any
 * other device rounds them to float32.
 * `exclude: [model.headName]` keeps the model's own head, whatever the number of classes in the file. A module that is
 * none of attune's networks takes the tensors by their own names: what `writeTorch` or PyTorch has saved of it.
 *
 * Throws AttuneError 'input' or 'disk' when the file cannot be opened, 'weights' when it is damaged or does not
 * fit: naming every missing, unexpected and misshapen tensor, and the model that it is for.
 */
export async function loadWeights(
  model: Module,
  path: string,
  options: LoadWeightsOptions = {},
): Promise<LoadReport> {
  refuseUnknownOptions(options, NAMES, 'loadWeights');
  const { signal, ...fit } = options;
  const file = await openTensors(path, { signal });
  try {
    return await loadTensors(model, file, path, fit);
  } finally {
    await file.close();
  }
}

/** The same from a file that is open, and stays so. Throws as `loadWeights` does when the file does not fit. */
export async function loadTensors(
  model: Module,
  file: TensorFile,
  path: string,
  fit: Pick<LoadOptions, 'strict' | 'exclude'>,
): Promise<LoadReport> {
  const isOurs = model instanceof Network;
  const tensors = isOurs ? modelTensors(file) : file.tensors;
  const hint = isOurs ? adviceFor(model, tensors) : 'load what was saved of a module with the same layers';
  return loadStateDict(model, tensors.map(withOwned), { ...fit, where: path, hint });
}

/** A tensor of a file, read for the model alone, which may permute the values in place; `axes` tell their order. */
function withOwned(tensor: WeightsEntry): WeightsEntry {
  const { shape, owned } = tensor;
  return {
    ...tensor,
    owned: owned ?? { shape, axes: shape.map((_, d) => d), read: (precision) => tensor.read(precision) },
  };
}

/** What to do when weights of these tensors do not fit the model. */
function adviceFor(model: Network, tensors: readonly TensorShape[]): string {
  const found = detectArchitecture(tensors);
  if (found === null)
    return `the file is no model that attune knows; a ${model.architecture} with PyTorch's names is needed`;
  if (found.name !== model.architecture) {
    const advice = found.supported ? `use --model ${found.name}` : 'attune does not have that model';
    return `the file holds a ${found.name}, not a ${model.architecture}: ${advice}`;
  }
  if (found.classes !== null && found.classes !== model.classes) {
    return `the file is for ${found.classes} classes and the model for ${model.classes}: make it for as many, or leave out ${model.headName}`;
  }
  return `the file holds a ${found.name} with parts that are missing or changed; download or save it again`;
}
