/**
 * The commands about training: from images to a run, and what is worth knowing before. Their flags are made of the methods,
 * which bring layers and optimisers along: they are loaded for the command that is asked for.
 */
import { commandLine } from '../../runs/command-line.js';
import type { AugmentFlags } from '../augment-flags.js';
import type { LrFindFlags, ScheduleFlags } from '../rate-flags.js';
import type { AdviseFlags, FinetuneFlags } from '../finetune-flags.js';
import { addFlags, deviceOptions } from '../flags.js';
import { usageError } from '../errors.js';
import type { Kit } from './kit.js';

export async function addFinetune({ add, act, output, env, isAsked }: Kit): Promise<void> {
  const command = add({
    name: 'finetune',
    words: '[data]',
    synopsis: ['<data>', '--resume <run>'],
    summary: 'Train a network for your own classes or values.',
    description:
      'Trains a classifier for your own classes and writes a run folder. <data> is a folder with one folder of images per class, or one with train/ and val/ folders of that kind; test/ is evaluated once at the end. Or <data> is a CSV file with paths of images in its first column and their labels, or values, in others. Series of numbers by time, as NPY or CSV files, may stand in place of the images. Ctrl-C saves the full stage; --resume goes on with it.',
    example: 'attune finetune photos --model resnet18',
  });
  if (!isAsked(command)) return;
  addFlags(command, (await import('../finetune-flags.js')).FINETUNE_FLAGS);
  act<FinetuneFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const [data] = command.args;
    if (flags.resume !== undefined) {
      const { resumeOptions } = await import('../finetune-flags.js');
      const options = resumeOptions(flags.resume, flags, data);
      return (await import('../commands/finetune.js')).resumeCommand(options, json, output);
    }
    if (data === undefined) {
      const line = commandLine(['finetune']);
      const hint = `write ${line} <data>; ${line} --help explains it`;
      throw usageError('<data> is missing', 'attune finetune', hint);
    }
    const options = { ...flags, ...deviceOptions(flags, env), data };
    const { finetuneCommand } = await import('../commands/finetune.js');
    return finetuneCommand(options, json, output);
  });
}

export async function addSchedule({ add, act, output, isAsked }: Kit): Promise<void> {
  const command = add({
    name: 'schedule',
    words: '[data]',
    synopsis: ['<data>', '--images <number>', '--steps <number>'],
    summary: 'Draw the learning rates of a run.',
    description:
      'Draws the learning rates that attune finetune would use with the same flags, without running it. The length of the run follows from the images in <data>, which are only counted, or from --images or --steps.',
    example: 'attune schedule --images 1200 --schedule one-cycle --epochs 10',
  });
  if (!isAsked(command)) return;
  addFlags(command, (await import('../rate-flags.js')).SCHEDULE_FLAGS);
  act<ScheduleFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const [data] = command.args;
    const options = { ...flags, ...(data !== undefined && { data }) };
    return (await import('../commands/schedule.js')).scheduleCommand(options, json, output);
  });
}

export async function addLrFind({ add, act, output, env, isAsked }: Kit): Promise<void> {
  const command = add({
    name: 'lr-find',
    words: '<data>',
    summary: 'Suggest a learning rate.',
    description:
      'Suggests a learning rate for attune finetune on the images in <data>: trains up to 100 steps while the rate grows, and finds where the loss falls steadily. Nothing is written. By default the head is fitted first, as attune finetune does; --strategy full sweeps with a new head.',
    example: 'attune lr-find photos --model resnet18',
  });
  if (!isAsked(command)) return;
  addFlags(command, (await import('../rate-flags.js')).LR_FIND_FLAGS);
  act<LrFindFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const options = { ...flags, ...deviceOptions(flags, env), data: command.args[0] };
    return (await import('../commands/lr-find.js')).lrFindCommand(options, json, output);
  });
}

export async function addAugment({ add, act, output, env, isAsked }: Kit): Promise<void> {
  const command = add({
    name: 'augment',
    words: '<data>',
    summary: 'Show images as training would see them.',
    description:
      'Writes a sheet of some training images in <data>: each as evaluation would see it, and as the first epochs of attune finetune would with the same --augment and --seed.',
    example: 'attune augment photos --augment standard,trivial-augment --out sheet.png',
  });
  if (!isAsked(command)) return;
  addFlags(command, (await import('../augment-flags.js')).AUGMENT_FLAGS);
  act<AugmentFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const options = { ...flags, ...deviceOptions(flags, env), data: command.args[0] };
    return (await import('../commands/augment.js')).augmentCommand(options, json, output);
  });
}

export async function addAdvise({ add, act, output, env, isAsked }: Kit): Promise<void> {
  const command = add({
    name: 'advise',
    words: '<path>',
    synopsis: ['<data>', '<run>'],
    summary: 'Say what to know of a data set or a run.',
    description:
      'Looks at the images in <data> and proposes how to train on them: counts, copies, unreadable files, doubtful labels, how well the features of a pretrained network tell the classes apart. Of a run folder, also the curves are read: overfitting, underfitting, a wrong rate, leakage. Every advice has its reason. Nothing is trained or written.',
    example: 'attune advise photos',
  });
  if (!isAsked(command)) return;
  addFlags(command, (await import('../finetune-flags.js')).ADVISE_FLAGS);
  act<AdviseFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const options = { ...flags, ...deviceOptions(flags, env), path: command.args[0] };
    return (await import('../commands/advise.js')).adviseCommand(options, json, output);
  });
}
