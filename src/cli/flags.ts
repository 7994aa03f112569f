/**
 * Flags as tables: one entry for each field of the options that a command passes on, under the same name in kebab
 * case (`valSplit` is `--val-split`). The types make a missing flag, or a value of the wrong type, a compile error.
 */
import { type Command, Option } from 'commander';
import { PRECISIONS, SPLITS, TEST_TIME_VIEWS } from '../recipe/choices.js';
import type { DeviceOptions } from '../recipe/options.js';
import type { ConvertOptions, EvaluateOptions, PredictOptions, TuneOptions } from '../finetune/index.js';
import type { CompareOptions, ExplainOptions, ReportOptions } from '../report/index.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../models/names.js';
import { HEAT_MAP_METHODS } from '../report/explain/methods.js';
import { usageError } from './errors.js';
import { DEVICE_NAMES, SPLIT_NAMES } from './other-names.js';
import { choice, type Parse, wholeNumber, words } from './values.js';

interface FlagText {
  /** In plain words, with the default. */
  readonly help: string;
  /** Heading in the help. Default: that of the flags that all commands have. */
  readonly group?: string;
}

export interface Flag<T> extends FlagText {
  /** What stands for the value in the help: `<number>`. */
  readonly value: string;
  readonly parse: Parse<T>;
}

/** A flag without a value; `--no-` before its name says the opposite. */
export type Switch = FlagText;

/** A flag for every field of `T`. */
export type Flags<T> = {
  readonly [K in keyof T]-?: Exclude<T[K], undefined> extends boolean
    ? Switch
    : Flag<Exclude<T[K], undefined>>;
};

/** The same flags under a heading of the help. */
export function inGroup<T extends Readonly<Record<string, FlagText>>>(group: string, flags: T): T {
  return Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, { ...flag, group }])) as T;
}

/** What every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** `valSplit` as `--val-split`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The given options as words of a command line, in the order of the table; what it does not have is left out. */
export function flagWords<T>(options: Partial<T>, flags: Flags<T>): string[] {
  return (Object.keys(flags) as (keyof T & string)[]).flatMap((key) => {
    const value: unknown = options[key];
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [value ? flagName(key) : `--no-${flagName(key).slice(2)}`];
    return [flagName(key), String(value)];
  });
}

/** Adds the flags of a table to a command; `command.opts<T>()` has their values. */
export function addFlags<T>(command: Command, flags: Flags<T>): void {
  for (const [key, flag] of Object.entries<Flag<unknown> | Switch>(flags)) {
    const name = flagName(key);
    const hasValue = 'parse' in flag;
    const option = new Option(hasValue ? `${name} ${flag.value}` : name, flag.help);
    if (hasValue) option.argParser((text) => flag.parse(text, name));
    // What negates a switch is explained with it.
    const negation = hasValue ? [] : [new Option(`--no-${name.slice(2)}`).hideHelp()];
    for (const each of [option, ...negation]) {
      if (flag.group !== undefined) each.helpGroup(flag.group);
      command.addOption(each);
    }
  }
}

export function addCommonFlags(command: Command): void {
  command
    .option('--json', 'Print one JSON document on standard output, everything else on standard error.')
    .option('--debug', 'Show the stack trace of an error.');
}

const device = choice(['auto', 'webgpu', 'cpu'] as const, DEVICE_NAMES);

export const DEVICE_FLAGS: Flags<DeviceOptions> = {
  device: {
    value: '<kind>',
    help: 'auto, webgpu or cpu. Default: ATTUNE_DEVICE, else auto: a GPU where there is one, else the processor.',
    parse: device,
  },
  adapter: {
    value: '<name>',
    help: 'Which GPU, by part of its name as attune doctor shows it.',
    parse: words,
  },
  threads: {
    value: '<number>',
    help: 'Threads of the device cpu; results do not depend on it. Default: as the machine has processors.',
    parse: wholeNumber(1, 32),
  },
};

const MODEL_FLAGS: Flags<{ model?: string; weights?: string }> = {
  model: {
    value: '<name>',
    help: `${MODEL_NAMES.join(', ')}. Default: what the weights are for.`,
    parse: words,
  },
  weights: {
    value: '<file or name>',
    help: 'A weights file, a name of attune weights, or hf:owner/name. Default: the ImageNet weights of the model.',
    parse: words,
  },
};

export const WORKERS_FLAG: Flags<{ workers?: number }> = {
  workers: {
    value: '<number>',
    help: 'Threads that decode images. Default: as the machine has processors.',
    parse: wholeNumber(1, 256),
  },
};

const TTA_FLAG: Flags<{ tta?: string }> = {
  tta: {
    value: '<views>',
    help: 'Test-time augmentation: average what is said of several views of each image. flip: the middle and its mirror image. five-crop: corners and middle. ten-crop: these and those of the mirror image.',
    parse: choice(TEST_TIME_VIEWS),
  },
};

export type TuneFlags = TuneOptions;

export const TUNE_FLAGS: Flags<TuneFlags> = {
  model: {
    value: '<name>',
    help: `${MODEL_NAMES.join(', ')}. Default: ${DEFAULT_MODEL}.`,
    parse: words,
  },
  batchSize: {
    value: '<number>',
    help: 'Images computed at once, as the micro-batch of a run. Default: 32.',
    parse: wholeNumber(1, 65_536),
  },
  imageSize: {
    value: '<pixels>',
    help: 'Side of the images. Default: 224.',
    parse: wholeNumber(32, 4096),
  },
  seconds: {
    value: '<number>',
    help: 'Time for all measurements; the kernels that take longest come first. Default: 120.',
    parse: wholeNumber(1, 86_400),
  },
  precision: {
    value: '<name>',
    help: 'float32, or mixed: for runs with --precision mixed, whose kernels read and write float16. Both are kept. Default: float32.',
    parse: choice(PRECISIONS),
  },
  adapter: DEVICE_FLAGS.adapter,
};

export type EvaluateFlags = Omit<EvaluateOptions, 'run' | 'data'>;

export const EVALUATE_FLAGS: Flags<EvaluateFlags> = {
  split: {
    value: '<part>',
    help: 'By which images of a data set with parts to measure, be they folders or rows of a column split: train, val, test or all. Default: test, or val where there are none.',
    parse: choice(SPLITS, SPLIT_NAMES),
  },
  label: {
    value: '<column>',
    help: 'Where <data> is a CSV file: the column of labels. Default: that of the run, else the one that holds its classes.',
    parse: words,
  },
  images: {
    value: '<folder>',
    help: 'Where <data> is a CSV file: the folder that its paths are relative to. Default: that of the file.',
    parse: words,
  },
  ...MODEL_FLAGS,
  batchSize: {
    value: '<number>',
    help: 'Images computed at once. Default: chosen for the device.',
    parse: wholeNumber(1, 65_536),
  },
  ...TTA_FLAG,
  ...WORKERS_FLAG,
  ...DEVICE_FLAGS,
};

export type PredictFlags = Omit<PredictOptions, 'run' | 'images'>;

export const PREDICT_FLAGS: Flags<PredictFlags> = {
  top: {
    value: '<number>',
    help: 'How many classes to show of each image. Default: 5.',
    parse: wholeNumber(1, 100_000),
  },
  ...TTA_FLAG,
  ...MODEL_FLAGS,
  ...WORKERS_FLAG,
  ...DEVICE_FLAGS,
};

export type ExplainFlags = Omit<ExplainOptions, 'run' | 'images'>;

export const EXPLAIN_FLAGS: Flags<ExplainFlags> = {
  method: {
    value: '<name>',
    help: `${HEAT_MAP_METHODS.join(', ')}. Default: ${HEAT_MAP_METHODS[0]}, attention-gradients for a vision Transformer.`,
    parse: choice(HEAT_MAP_METHODS),
  },
  class: {
    value: '<name>',
    help: 'The class to look for. Default: the likeliest one of each image.',
    parse: words,
  },
  neighbors: {
    value: '<number>',
    help: 'Name so many training images of the run that look alike to the network.',
    parse: wholeNumber(1, 1000),
  },
  out: {
    value: '<folder>',
    help: 'Where the pictures are written; a file there that attune did not write is never replaced. Default: explanations.',
    parse: words,
  },
  ...MODEL_FLAGS,
  ...WORKERS_FLAG,
  ...DEVICE_FLAGS,
};

export type ReportFlags = Omit<ReportOptions, 'run'>;

export const REPORT_FLAGS: Flags<ReportFlags> = {
  data: {
    value: '<folder or file>',
    help: 'Where the images of the run lie now. Default: where they lay when it was made.',
    parse: words,
  },
  evaluate: {
    help: 'Let the best checkpoint answer for the images, the default; --no-evaluate leaves out all that follows from it.',
  },
  ...WORKERS_FLAG,
  ...DEVICE_FLAGS,
};

export type CompareFlags = Omit<CompareOptions, 'runs'>;

export const COMPARE_FLAGS: Flags<CompareFlags> = {
  out: {
    value: '<file>',
    help: 'The page to write; a file that attune did not write is never replaced. Default: compare.html.',
    parse: words,
  },
  ...REPORT_FLAGS,
  evaluate: {
    help: 'Let the best checkpoint of each run answer for its images, the default; --no-evaluate takes the figures that the runs noted.',
  },
};

export type ConvertFlags = Omit<ConvertOptions, 'from' | 'to'>;

export const CONVERT_FLAGS: Flags<ConvertFlags> = {
  names: {
    value: '<library>',
    help: 'torchvision, timm or huggingface: whose names the tensors of a .pth or .safetensors get; with huggingface, a name without an ending is a folder as its programs read it. Default: torchvision.',
    parse: choice(['torchvision', 'timm', 'huggingface'] as const),
  },
};

/** The device flags with ATTUNE_DEVICE in place of an absent --device. Throws AttuneError 'usage'. */
export function deviceOptions(
  { device: kind, adapter, threads }: DeviceOptions,
  env: Readonly<Record<string, string | undefined>>,
): DeviceOptions {
  const fromEnvironment = env['ATTUNE_DEVICE'];
  const wanted = kind ?? (fromEnvironment ? device(fromEnvironment, 'ATTUNE_DEVICE') : undefined);
  const source = kind === undefined ? 'ATTUNE_DEVICE' : '--device';
  if (wanted === 'webgpu' && threads !== undefined) {
    throw usageError(
      `threads are for the device cpu, and ${source} is webgpu`,
      '--threads',
      'leave one of the two out',
    );
  }
  if (wanted === 'cpu' && adapter !== undefined) {
    throw usageError(`an adapter is a GPU, and ${source} is cpu`, '--adapter', 'leave one of the two out');
  }
  return { ...(wanted && { device: wanted }), ...(adapter !== undefined && { adapter }) };
}
