/** The commands about weights files and this machine. */
import { commandLine } from '../../runs/command-line.js';
import { BENCH_FLAGS, type BenchFlags } from '../bench-flags.js';
import {
  addFlags,
  CONVERT_FLAGS,
  type ConvertFlags,
  deviceOptions,
  TUNE_FLAGS,
  type TuneFlags,
} from '../flags.js';
import { usageError } from '../errors.js';
import type { Kit } from './kit.js';

export function addInspect({ add, act, output }: Kit): void {
  const command = add({
    name: 'inspect',
    words: '<file>',
    summary: 'Show what a weights file holds.',
    description:
      'Shows what a weights file holds: its format, the network that it is for, and its tensors. Reads every format that attune knows; nothing in a file is ever executed. <file> may also be a run folder, whose best checkpoint is shown, or hf:owner/name, a repository of the Hugging Face hub.',
    example: 'attune inspect resnet50-0676ba61.pth --layers',
  });
  command.option('--layers', 'Show the layers of the network, by index and name, in place of the tensors.');
  act<{ layers?: boolean }>(command, async ({ layers = false }, json) => {
    const { inspectCommand } = await import('../commands/inspect.js');
    return inspectCommand(command.args[0], layers, json, output);
  });
}

export function addConvert({ add, act, output }: Kit): void {
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
    const { convertCommand } = await import('../commands/convert.js');
    return convertCommand({ ...flags, from, to }, json, output);
  });
}

export function addWeights({ add, act, output }: Kit): void {
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
    const hint = `write ${commandLine(['weights', 'list'])}, or ${commandLine(['weights', 'get', 'NAME'])}`;
    if (action === 'get') {
      if (name === undefined)
        throw usageError('the name is missing', 'attune weights get', `${hint}, for example resnet50`);
      return (await import('../commands/weights.js')).weightsGetCommand(name, json, output);
    }
    if (action !== 'list') throw usageError(`attune weights cannot ${action}`, 'attune weights', hint);
    if (name !== undefined) throw usageError('list takes no name', 'attune weights list', hint);
    return (await import('../commands/weights.js')).weightsListCommand(json, output);
  });
}

/** How long `attune doctor --measure` measures, all devices together. */
const MEASURE_MS = 10_000;

export function addDoctor({ add, act, output, env }: Kit): void {
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
    return (await import('../commands/doctor.js')).doctorCommand(options, json, output);
  });
}

export function addBench({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'bench',
    summary: 'Measure how fast this machine computes.',
    description:
      'Measures every device of this machine: kernels beside what the device can do at most, which is measured as well; images per second and memory of whole networks; and the first steps of a process. Software adapters are measured, too, and labelled.',
    example: 'attune bench --only models --markdown bench.md',
  });
  addFlags(command, BENCH_FLAGS);
  act<BenchFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const options = { ...flags, ...deviceOptions(flags, env) };
    return (await import('../commands/bench.js')).benchCommand(options, json, output);
  });
}

export function addTune({ add, act, output }: Kit): void {
  const command = add({
    name: 'tune',
    summary: 'Measure which kernels are fastest on the GPU.',
    description:
      "Measures on this machine's GPU which variants of the kernels are the fastest for a network, and keeps that for later runs on the same adapter and driver. Each is checked against the plainest one before its time counts. A run keeps the choices that it began with, also when it is resumed. What runs in mixed precision launch is measured by --precision mixed.",
    example: 'attune tune --model resnet50 --batch-size 32',
  });
  addFlags(command, TUNE_FLAGS);
  act<TuneFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    return (await import('../commands/tune.js')).tuneCommand(flags, json, output);
  });
}
