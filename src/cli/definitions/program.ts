/**
 * The commands and their flags, as `attune --help` shows them. A command's own code is loaded only when it is run, and the
 * flags that are made of methods only where the command line asks for them, so that help is quick.
 */
import { Command } from 'commander';
import { AttuneError } from '../../errors.js';
import { programCall } from '../../runs/command-line.js';
import { addCompare, addEvaluate, addExplain, addPredict, addReport } from './answering.js';
import type { Kit } from './kit.js';
import { addBench, addConvert, addDoctor, addInspect, addTune, addWeights } from './tools.js';
import { addAdvise, addAugment, addFinetune, addLrFind, addSchedule } from './training.js';
import { addCommonFlags, type CommonOptions } from '../flags.js';
import { usageError } from '../errors.js';
import type { Output } from '../output.js';
import { unknownCommand, wrongUsage } from '../usage.js';
import { readVersion } from '../version.js';

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
      command.addHelpText('after', `\nExample:\n  ${calledHere(example)}`);
      command.exitOverride((error) => wrongUsage(command, error));
      return command;
    },
    isAsked: (command) => argv.includes(command.name()) || beginsWithFlag(argv),
    act<T>(command: Command, run: (options: T & CommonOptions, json: boolean) => Promise<number>) {
      addCommonFlags(command);
      command.action(async () => {
        refuseEmptyArgument(command);
        refuseLostFolder();
        const options = command.opts<T & CommonOptions>();
        exitCode = await run(options, options.json === true);
      });
    },
  };
  const definitions = [
    ...[addFinetune, addEvaluate, addPredict, addExplain, addReport, addCompare, addSchedule, addLrFind],
    ...[addAugment, addAdvise, addInspect, addConvert, addWeights, addDoctor, addBench, addTune],
  ];
  for (const define of definitions) await define(kit);
  addHelp(program);
  await program.parseAsync([...argv], { from: 'user' });
  return exitCode;
}

/** Whether a flag stands where a command has to: it is looked for among those of all commands. */
function beginsWithFlag([first = '']: readonly string[]): boolean {
  return first.startsWith('-') && !['-h', '--help', '--version'].includes(first);
}

/** A script's variable that is not set becomes "", which as a path would mean the working folder. */
function refuseEmptyArgument(command: Command): void {
  if (!command.args.includes('')) return;
  throw usageError('an argument is empty', `attune ${command.name()}`, 'give a name or a path in its place');
}

/** Every path is looked up from the working folder, so without one no command can do its work. */
function refuseLostFolder(): void {
  try {
    process.cwd();
  } catch (error) {
    throw new AttuneError(
      {
        code: 'input',
        what: 'the working folder is gone',
        where: process.env.PWD,
        hint: 'change to a folder that exists: cd ~',
      },
      { cause: error },
    );
  }
}

function createProgram(output: Output): Command {
  const program = new Command('attune')
    .description(
      'Fine-tunes pretrained image networks on your own pictures, and trains small networks on series of numbers.',
    )
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
    .addHelpText('after', programHelp());
  program.exitOverride((error) => wrongUsage(program, error));
  return program;
}

const MOST_HELP_COLUMNS = 100;

/** A line that begins with the program's name, as it can be typed here. */
function calledHere(line: string): string {
  return line.replace(/^attune/, () => programCall());
}

const programHelp = () => `
Example:
  ${calledHere('attune finetune photos')}
                              with one folder of images per class in photos/

Environment:
  ATTUNE_DEVICE               default of --device
  ATTUNE_CACHE                where downloads and prepared images are kept
  HF_HOME, HF_TOKEN           cache and access of the Hugging Face hub
  HTTP_PROXY, HTTPS_PROXY, NO_PROXY, NO_COLOR`;

function addHelp(program: Command): void {
  const command = program.command('help [command]').summary('Show the flags of a command.');
  command.action((name?: string) => {
    if (name === undefined) program.help();
    const known = program.commands.find((candidate) => candidate.name() === name);
    if (known === undefined) throw unknownCommand(program, name);
    known.help();
  });
}
