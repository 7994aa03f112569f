/**
 * The commands and their flags, as `attune --help` shows them. A command's own code is loaded only when it is run, so
 * that help and usage errors are quick.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { AttuneError } from '../errors.js';
import type { AdviseFlags } from './commands/advise.js';
import type { AugmentFlags } from './commands/augment.js';
import type { ConvertFlags } from './commands/convert.js';
import type { EvaluateFlags } from './commands/evaluate.js';
import type { FinetuneFlags } from './commands/finetune.js';
import type { LrFindFlags } from './commands/lr-find.js';
import type { PredictFlags } from './commands/predict.js';
import type { ScheduleFlags } from './commands/schedule.js';
import { usageError } from './errors.js';
import { AUGMENT_FLAGS } from './augment-flags.js';
import { ADVISE_FLAGS, FINETUNE_FLAGS, resumeOptions } from './finetune-flags.js';
import { LR_FIND_FLAGS, SCHEDULE_FLAGS } from './rate-flags.js';
import {
  addCommonFlags,
  addFlags,
  type CommonOptions,
  CONVERT_FLAGS,
  deviceOptions,
  EVALUATE_FLAGS,
  PREDICT_FLAGS,
} from './flags.js';
import type { Output } from './output.js';
import { unknownCommand, wrongUsage } from './usage.js';

/** What the definition of a command needs. */
interface Kit {
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Adds a command with the flags that all have. */
  add(definition: Definition): Command;
  /** Says what a command does; `run` resolves with the exit code. */
  act<T>(command: Command, run: (options: T & CommonOptions, json: boolean) => Promise<number>): void;
}

interface Definition {
  readonly name: string;
  /** Arguments as commander reads them: `<data>`, `[paths...]`. */
  readonly words?: string;
  /** What to write behind the name, one way per line. Default: `words`. */
  readonly synopsis?: readonly string[];
  readonly summary: string;
  /** What the help says below the usage; default: the summary. */
  readonly description?: string;
  readonly example: string;
}

/** Part of attune, not of this version. */
const FUTURE_COMMANDS = ['explain', 'bench'];

/**
 * Runs a command line: the words after `attune`. Resolves with the exit code; throws AttuneError, 'usage' when the
 * command line is wrong.
 */
export async function runProgram(
  argv: readonly string[],
  output: Output,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  let exitCode = 0;
  const program = createProgram(output);
  const kit: Kit = {
    output,
    env,
    add({ name, words = '', synopsis = [words], summary, description = summary, example }) {
      const command = program.command(`${name} ${words}`).summary(summary).description(description);
      command.usage(synopsis.map((line) => `${line} [flags]`.trim()).join(`\n       attune ${name} `));
      command.helpOption('-h, --help', 'Show this help.');
      command.addHelpText('after', `\nExample:\n  ${example}`);
      command.exitOverride((error) => wrongUsage(command, error));
      return command;
    },
    act<T>(command: Command, run: (options: T & CommonOptions, json: boolean) => Promise<number>) {
      addCommonFlags(command);
      command.action(async () => {
        const options = command.opts<T & CommonOptions>();
        exitCode = await run(options, options.json === true);
      });
    },
  };
  const definitions = [
    ...[addFinetune, addEvaluate, addPredict, addSchedule, addLrFind],
    ...[addAugment, addAdvise, addInspect, addConvert, addWeights, addDoctor],
  ];
  for (const define of definitions) define(kit);
  addFutureCommands(program);
  addHelp(program);
  await program.parseAsync([...argv], { from: 'user' });
  return exitCode;
}

function createProgram(output: Output): Command {
  const program = new Command('attune')
    .description('Fine-tunes pretrained image networks on your own pictures.')
    .usage('<command> [flags]')
    .version(readVersion(), '--version', 'Print the version.')
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand(false) // commander's own shows the help of the program when the command is mistyped
    .showSuggestionAfterError(false)
    .configureHelp({
      styleTitle: (title) => (title === 'Options:' ? 'Flags:' : title),
      subcommandTerm: (command) => `${command.name()} ${command.usage().split(' [flags]')[0]}`,
    })
    .configureOutput({
      writeOut: (text) => output.print(text.trimEnd()),
      writeErr: (text) => output.note(text.trimEnd()),
      outputError: () => {}, // errors are thrown, and printed in one place
      getOutHelpWidth: () => Math.min(output.columns, MOST_HELP_COLUMNS),
    })
    .addHelpText('after', PROGRAM_HELP);
  program.exitOverride((error) => wrongUsage(program, error));
  return program;
}

const MOST_HELP_COLUMNS = 100;

const PROGRAM_HELP = `
Example:
  attune finetune photos      with one folder of images per class in photos/

Environment:
  ATTUNE_DEVICE               default of --device
  ATTUNE_CACHE                where downloads and prepared images are kept
  HF_HOME, HF_TOKEN           cache and access of the Hugging Face hub
  HTTP_PROXY, HTTPS_PROXY, NO_PROXY, NO_COLOR`;

/** From the package's own package.json, two folders above dist/cli/. */
export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function addFinetune({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'finetune',
    words: '[data]',
    synopsis: ['<data>', '--resume <run>'],
    summary: 'Train a network for your own classes or values.',
    description:
      'Trains a classifier for your own classes and writes a run folder. <data> is a folder with one folder of images per class, or one with train/ and val/ folders of that kind; test/ is evaluated once at the end. Or <data> is a CSV file with paths of images in its first column and numbers in the others, which the network learns to tell. Ctrl-C saves the full stage; --resume goes on with it.',
    example: 'attune finetune photos --model resnet18',
  });
  addFlags(command, FINETUNE_FLAGS);
  act<FinetuneFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const [data] = command.args;
    if (flags.resume !== undefined) {
      const options = resumeOptions(flags.resume, flags, data);
      return (await import('./commands/finetune.js')).resumeCommand(options, json, output);
    }
    if (data === undefined) {
      const where = 'attune finetune';
      throw usageError('<data> is missing', where, `write ${where} <data>; ${where} --help explains it`);
    }
    const options = { ...flags, ...deviceOptions(flags, env), data };
    const { finetuneCommand } = await import('./commands/finetune.js');
    return finetuneCommand(options, json, output);
  });
}

function addEvaluate({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'evaluate',
    words: '[paths...]',
    synopsis: ['<run> <data>', '--model <name> <data>'],
    summary: 'Measure how often a classifier is right.',
    description:
      'Measures how often a classifier is right. <run> is a run folder or a checkpoint in it, <data> a folder with one folder of images per class; of a run with values, a CSV file with their columns. Without a run, pretrained weights are measured: say which by --model or --weights; folders named by WordNet id (n01440764) stand for ImageNet classes.',
    example: 'attune evaluate runs/2026-11-24_153012_resnet50 photos/test',
  });
  addFlags(command, EVALUATE_FLAGS);
  act<EvaluateFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const [run, [data, excess]] = runAndRest(command, flags, 'the folder of images', '<run> <data>');
    if (excess !== undefined) {
      const hint = 'give a run and a folder of images, or --model or --weights and the folder alone';
      throw usageError(`${JSON.stringify(excess)} is an argument too many`, 'attune evaluate', hint);
    }
    const options = { ...flags, ...deviceOptions(flags, env), ...run, data };
    const { evaluateCommand } = await import('./commands/evaluate.js');
    return evaluateCommand(options, json, output);
  });
}

function addPredict({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'predict',
    words: '[paths...]',
    synopsis: ['<run> <image>...', '--model <name> <image>...'],
    summary: 'Say what is in images.',
    description:
      'Says what is in images: classes, or values where the run is of a CSV file. <run> is a run folder or a checkpoint in it, <image> a file, a folder or a pattern such as "photos/*.jpg". Without a run, pretrained weights are used, usually with the ImageNet classes: say which by --model or --weights.',
    example: 'attune predict runs/2026-11-24_153012_resnet50 photos/new --top 3',
  });
  addFlags(command, PREDICT_FLAGS);
  act<PredictFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const [run, images] = runAndRest(command, flags, 'the image', '<run> <image>');
    const options = { ...flags, ...deviceOptions(flags, env), ...run, images };
    const { predictCommand } = await import('./commands/predict.js');
    return predictCommand(options, json, output);
  });
}

function addSchedule({ add, act, output }: Kit): void {
  const command = add({
    name: 'schedule',
    words: '[data]',
    synopsis: ['<data>', '--images <number>', '--steps <number>'],
    summary: 'Draw the learning rates of a run.',
    description:
      'Draws the learning rates that attune finetune would use with the same flags, without running it. The length of the run follows from the images in <data>, which are only counted, or from --images or --steps.',
    example: 'attune schedule --images 1200 --schedule one-cycle --epochs 10',
  });
  addFlags(command, SCHEDULE_FLAGS);
  act<ScheduleFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const [data] = command.args;
    const options = { ...flags, ...(data !== undefined && { data }) };
    return (await import('./commands/schedule.js')).scheduleCommand(options, json, output);
  });
}

function addLrFind({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'lr-find',
    words: '<data>',
    summary: 'Suggest a learning rate.',
    description:
      'Suggests a learning rate for attune finetune on the images in <data>: trains up to 100 steps while the rate grows, and finds where the loss falls steadily. Nothing is written. By default the head is fitted first, as attune finetune does; --strategy full sweeps with a new head.',
    example: 'attune lr-find photos --model resnet18',
  });
  addFlags(command, LR_FIND_FLAGS);
  act<LrFindFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const options = { ...flags, ...deviceOptions(flags, env), data: command.args[0] };
    return (await import('./commands/lr-find.js')).lrFindCommand(options, json, output);
  });
}

function addAugment({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'augment',
    words: '<data>',
    summary: 'Show images as training would see them.',
    description:
      'Writes a sheet of some training images in <data>: each as evaluation would see it, and as the first epochs of attune finetune would with the same --augment and --seed.',
    example: 'attune augment photos --augment standard,trivial-augment --out sheet.png',
  });
  addFlags(command, AUGMENT_FLAGS);
  act<AugmentFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const options = { ...flags, ...deviceOptions(flags, env), data: command.args[0] };
    return (await import('./commands/augment.js')).augmentCommand(options, json, output);
  });
}

function addAdvise({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'advise',
    words: '<path>',
    synopsis: ['<data>', '<run>'],
    summary: 'Say what to know of a data set or a run.',
    description:
      'Looks at the images in <data> and proposes how to train on them: counts, copies, unreadable files, doubtful labels, how well the features of a pretrained network tell the classes apart. Of a run folder, also the curves are read: overfitting, underfitting, a wrong rate, leakage. Every advice has its reason. Nothing is trained or written.',
    example: 'attune advise photos',
  });
  addFlags(command, ADVISE_FLAGS);
  act<AdviseFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const options = { ...flags, ...deviceOptions(flags, env), path: command.args[0] };
    return (await import('./commands/advise.js')).adviseCommand(options, json, output);
  });
}

/**
 * The run and what follows it among the arguments of a command; no run where --model or --weights say what to use.
 * `next` names what has to follow, `form` is what to write with a run.
 */
function runAndRest(
  command: Command,
  { model, weights }: { model?: string; weights?: string },
  next: string,
  form: string,
): [run: { run?: string }, rest: string[]] {
  const where = `attune ${command.name()}`;
  const hint = `write ${where} ${form}; ${where} --help explains it`;
  const hasRun = model === undefined && weights === undefined;
  const rest = hasRun ? command.args.slice(1) : command.args;
  if (hasRun && command.args.length === 0) {
    throw usageError('there is neither a run nor --model or --weights', where, hint);
  }
  if (rest.length === 0) throw usageError(`${next} is missing`, where, hint);
  return [hasRun ? { run: command.args[0] } : {}, rest];
}

function addInspect({ add, act, output }: Kit): void {
  const command = add({
    name: 'inspect',
    words: '<file>',
    summary: 'Show what a weights file holds.',
    description:
      'Shows what a weights file holds: its format, the network that it is for, and its tensors. Reads every format that attune knows; nothing in a file is ever executed. <file> may also be hf:owner/name, a repository of the Hugging Face hub.',
    example: 'attune inspect resnet50-0676ba61.pth --layers',
  });
  command.option('--layers', 'Show the layers of the network, by index and name, in place of the tensors.');
  act<{ layers?: boolean }>(command, async ({ layers = false }, json) => {
    const { inspectCommand } = await import('./commands/inspect.js');
    return inspectCommand(command.args[0], layers, json, output);
  });
}

function addConvert({ add, act, output }: Kit): void {
  const command = add({
    name: 'convert',
    words: '<in> <out>',
    summary: 'Write weights in the format of another program.',
    description:
      'Writes the weights of <in> into the new file <out>, whose ending says the format: .safetensors, .pth (also .pt and .bin) for a PyTorch state dict, and for the network as a graph .onnx, .h5 for Keras, or .json for TensorFlow.js. <in> is a run folder, a checkpoint, or any weights file that attune inspect can read.',
    example: 'attune convert runs/2026-11-24_153012_resnet50 birds.pth',
  });
  addFlags(command, CONVERT_FLAGS);
  act<ConvertFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const [from, to] = command.args;
    const { convertCommand } = await import('./commands/convert.js');
    return convertCommand({ ...flags, from, to }, json, output);
  });
}

function addWeights({ add, act, output }: Kit): void {
  const command = add({
    name: 'weights',
    words: '[action] [name]',
    synopsis: ['[list | get NAME]'],
    summary: 'List pretrained weights, or download some.',
    description:
      'Lists the pretrained weights that attune knows (list, the default), or downloads some (get NAME): the licence is shown first, and the file is checked against its hash. NAME may also be hf:owner/name, a repository of the Hugging Face hub.',
    example: 'attune weights get resnet50',
  });
  act(command, async (_options, json) => {
    const [action = 'list', name] = command.args;
    const hint = 'write attune weights list, or attune weights get NAME';
    if (action === 'get') {
      if (name === undefined)
        throw usageError('the name is missing', 'attune weights get', `${hint}, for example resnet50`);
      return (await import('./commands/weights.js')).weightsGetCommand(name, json, output);
    }
    if (action !== 'list') throw usageError(`attune weights cannot ${action}`, 'attune weights', hint);
    if (name !== undefined) throw usageError('list takes no name', 'attune weights list', hint);
    return (await import('./commands/weights.js')).weightsListCommand(json, output);
  });
}

/** How long `attune doctor --measure` measures, all devices together. */
const MEASURE_MS = 10_000;

function addDoctor({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'doctor',
    summary: 'Check the devices of this machine.',
    description:
      'Checks every device of this machine with computations whose results are known, and says what to install where something is missing. The exit code is 1 when a device that would be used fails.',
    example: 'attune doctor --measure',
  });
  command.option('--measure', 'Measure how fast the devices are as well: ten seconds at most.');
  act<{ measure?: boolean }>(command, async ({ measure = false }, json) => {
    const { device: wish = 'auto' } = deviceOptions({}, env);
    const options = { wish, measureFor: measure ? MEASURE_MS : 0 };
    return (await import('./commands/doctor.js')).doctorCommand(options, json, output);
  });
}

/** Commands that are refused with a sentence. */
function addFutureCommands(program: Command): void {
  for (const name of FUTURE_COMMANDS) {
    const command = program.command(`${name} [words...]`, { hidden: true }).allowUnknownOption();
    command.helpOption(false).action(() => {
      throw futureCommand(name);
    });
  }
}

function futureCommand(name: string): AttuneError {
  return usageError(
    'this version of attune does not have this command yet',
    `attune ${name}`,
    'attune --help lists those it has',
  );
}

function addHelp(program: Command): void {
  const command = program.command('help [command]').summary('Show the flags of a command.');
  command.action((name?: string) => {
    if (name === undefined) program.help();
    if (FUTURE_COMMANDS.includes(name)) throw futureCommand(name);
    const known = program.commands.find((candidate) => candidate.name() === name);
    if (known === undefined) throw unknownCommand(program, name);
    known.help();
  });
}
