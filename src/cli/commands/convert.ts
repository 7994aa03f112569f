/** `attune convert`: weights in the form that another program reads. */
import { basename, dirname } from 'node:path';
import { formatBytes } from '../../inputs/disk.js';
import {
  type ConvertFormat,
  type ConvertInput,
  type ConvertOptions,
  type ConvertResult,
  convert,
} from '../../finetune/index.js';
import { commandLine, pathFromHere } from '../../runs/command-line.js';
import { someOf } from '../../runs/left-out-layers.js';
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
  huggingface: "Hugging Face's folder",
};

export async function convertCommand(
  options: ConvertOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  const result = await withSession(output, (context) => convert(options, context));
  if (json) output.json(result);
  else printConverted(result, options.to, await exampleImage(dirname(result.input)), output);
  return 0;
}

/**
 * What was written, how to use it, and what was left out.
 * @param image one that the network could tell; null where none is known
 */
export function printConverted(
  result: ConvertResult,
  to: string,
  image: string | null,
  output: Output,
): void {
  const { format, files, model, classes, tensors, bytes, dropped, preprocessing, temperature, left_out } =
    result;
  const more = files.length > 1 ? `, and ${counted(files.length - 1, 'file')} beside it` : '';
  const network =
    model === null ? 'none of attune: its tensors are copied as they are' : `${model}${ofClasses(classes)}`;
  const lines: [string, string][] = [
    ['written', `${to}${more}`],
    ['format', FORMATS[format]],
    ['network', network],
    ['tensors', `${count(tensors)}, ${formatBytes(bytes)}`],
  ];
  if (preprocessing !== null) for (const line of inputLines(preprocessing)) lines.push(line);
  if (temperature !== null) {
    const what = `calibrated: the last layer's weights and bias are divided by the temperature ${Number(temperature.toPrecision(4))}`;
    lines.push(['probabilities', `softmax of the logits, ${what}`]);
  }
  if (dropped.length > 0) lines.push(['left out', `${dropped.join(', ')}: the format has no place for it`]);
  if (left_out.length > 0)
    lines.push(['left out', `${someOf(left_out)}: layers of another head, which ${model} does not have`]);
  output.print(facts(lines), '', `Next: ${nextCommand(result, to, image)}`);
}

/** How to prepare an image: its size, then its numbers. */
function inputLines(input: ConvertInput): [string, string][] {
  const { shape, layout, channels, resize, crop, interpolation, mean, std } = input;
  const cut = crop === null ? '' : `, ${crop} x ${crop} cut from the centre`;
  const sides = layout === 'channels-first' ? 'batch, channel, row, column' : 'batch, row, column, channel';
  const rounded = (values: readonly number[]) =>
    values.map((value) => Number(value.toPrecision(6))).join(', ');
  return [
    ['images', `short side resized to ${resize} (${interpolation}, antialiased)${cut}`],
    ['numbers', `${channels}, from 0 to 1, minus [${rounded(mean)}], divided by [${rounded(std)}]`],
    ['input', `float32 [batch, ${shape.join(', ')}]: ${sides}`],
  ];
}

function ofClasses(classes: readonly string[] | null): string {
  return classes === null ? '' : `, classes ${classes.join(', ')}`;
}

/** What to type to use the file. */
function nextCommand(result: ConvertResult, to: string, image: string | null): string {
  const { format, model, classes } = result;
  const file = JSON.stringify(oneLine(basename(to)));
  if (format === 'pytorch') return torchText(result, file);
  if (format === 'keras') return `keras.models.load_model(${file}) in Python`;
  if (format === 'tfjs') return `await tf.loadLayersModel(${file}) in a page, by its address there`;
  if (format === 'huggingface')
    return `await pipeline("image-classification", ${JSON.stringify(`./${oneLine(basename(to))}`)}) with @huggingface/transformers`;
  if (format === 'onnx') return `await ort.InferenceSession.create(${file}) with onnxruntime-node`;
  if (model === null || classes === null || image === null) return commandLine(['inspect', to]);
  return commandLine(['predict', to, pathFromHere(image)]);
}

/** The network of torchvision, timm or Hugging Face that takes a state dict, and how; where there is none, what does. */
function torchText({ model, outputs, reader }: ConvertResult, file: string): string {
  const load = `torch.load(${file}, weights_only=True)`;
  if (reader === null) {
    const what = model === null ? '' : `: the tensors of ${model}, a network that torchvision does not have`;
    return `${load} in Python gives the state dict${what}`;
  }
  const { library, network } = reader;
  const heads = outputs === null ? '' : `num_classes=${outputs}`;
  const made = {
    torchvision: `torchvision.models.${network}(${heads})`,
    timm: `timm.create_model("${network}"${heads && `, ${heads}`})`,
    huggingface: `transformers.${network}(config)`,
  }[library];
  const strictly = outputs === null ? ', strict=False' : '';
  return `model = ${made}; model.load_state_dict(${load}${strictly}) in Python`;
}
