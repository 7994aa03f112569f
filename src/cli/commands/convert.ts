/** `attune convert`: weights in the form that another program reads. */
import { basename, dirname } from 'node:path';
import { formatBytes } from '../../data/disk.js';
import {
  type ConvertFormat,
  type ConvertOptions,
  type ConvertResult,
  convert,
} from '../../finetune/index.js';
import { commandLine, pathFromHere } from '../../finetune/command-line.js';
import { exampleImage } from '../../finetune/run/example-image.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts } from '../table.js';
import { count, counted, oneLine } from '../../text.js';

const FORMATS: Readonly<Record<ConvertFormat, string>> = {
  safetensors: 'safetensors',
  pytorch: 'PyTorch state dict',
  onnx: 'ONNX, operator set 17',
  tfjs: 'TensorFlow.js layers model',
  keras: 'Keras model (HDF5)',
};

export type ConvertFlags = Omit<ConvertOptions, 'from' | 'to'>;

export async function convertCommand(
  options: ConvertOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  const result = await withSession(output, (context) => convert(options, context));
  if (json) output.json(result);
  else print(result, options.to, await exampleImage(dirname(result.input)), output);
  return 0;
}

/** @param image one that the network could tell; null where none is known */
function print(result: ConvertResult, to: string, image: string | null, output: Output): void {
  const { format, files, model, classes, tensors, bytes, dropped } = result;
  const more = files.length > 1 ? `, and ${counted(files.length - 1, 'file')} beside it` : '';
  const network =
    model === null ? 'none of attune: its tensors are copied as they are' : `${model}${ofClasses(classes)}`;
  const lines: [string, string][] = [
    ['written', `${to}${more}`],
    ['format', FORMATS[format]],
    ['network', network],
    ['tensors', `${count(tensors)}, ${formatBytes(bytes)}`],
  ];
  if (dropped.length > 0) lines.push(['left out', `${dropped.join(', ')}: the format has no place for it`]);
  output.print(...facts(lines), '', `Next: ${nextCommand(result, to, image)}`);
}

function ofClasses(classes: readonly string[] | null): string {
  return classes === null ? '' : `, classes ${classes.join(', ')}`;
}

/** What to type to use the file. */
function nextCommand({ format, model, classes }: ConvertResult, to: string, image: string | null): string {
  const file = JSON.stringify(oneLine(basename(to)));
  if (format === 'pytorch') return `model.load_state_dict(torch.load(${file}, weights_only=True)) in Python`;
  if (format === 'keras') return `keras.models.load_model(${file}) in Python`;
  if (format === 'tfjs') return `await tf.loadLayersModel(${file}) in a page, by its address there`;
  if (format === 'onnx') return `await ort.InferenceSession.create(${file}) with onnxruntime-node`;
  if (model === null || classes === null || image === null) return commandLine(['inspect', to]);
  return commandLine(['predict', to, pathFromHere(image)]);
}
