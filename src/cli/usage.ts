/** What commander says of a wrong command line, in attune's words and with the nearest correct flag or command. */
import type { Command, CommanderError } from 'commander';
import type { AttuneError } from '../errors.js';
import { commandLine } from '../runs/command-line.js';
import { nearest } from '../nearest.js';
import { usageError } from './errors.js';
import { COMMAND_NAMES, FLAG_NAMES, ourName } from './other-names.js';

/** Without a command the help is printed, on standard error: commander's name for that. */
const NO_COMMAND = 'commander.help';

/** Throws what a command's parsing ended with: `error` itself when help was printed, else AttuneError 'usage'. */
export function wrongUsage(command: Command, error: CommanderError): never {
  throw error.exitCode === 0 || error.code === NO_COMMAND ? error : explain(command, error);
}

function explain(command: Command, { code, message }: CommanderError): AttuneError {
  const where = command.parent === null ? 'attune' : `attune ${command.name()}`;
  const line = (...more: readonly string[]) =>
    commandLine(command.parent === null ? more : [command.name(), ...more]);
  const help = line('--help');
  // Commander quotes what is wrong: error: unknown option '--epohcs'
  const quoted = /'(.*?)(?:=.*)?'/s.exec(message)?.[1] ?? '';
  switch (code) {
    case 'commander.unknownOption': {
      if (command.options.some(({ long }) => long === quoted)) return switchWithValue(command, quoted);
      const elsewhere = command.commands.find((known) => visibleFlags(known).includes(quoted));
      const hint =
        elsewhere === undefined
          ? (flagMeant(quoted, visibleFlags(command)) ?? `${help} lists the flags`)
          : `flags follow the command, as in ${commandLine([elsewhere.name(), quoted])}`;
      return usageError(`there is no flag ${quoted}`, where, hint);
    }
    case 'commander.unknownCommand':
      return unknownCommand(command, quoted);
    case 'commander.optionMissingArgument':
      return usageError('the value is missing', quoted.split(' ')[0], `write ${quoted}`);
    case 'commander.missingArgument':
      return usageError(
        `<${quoted}> is missing`,
        where,
        `write ${line()} ${words(command)}; ${help} explains it`,
      );
    case 'commander.excessArguments':
      return usageError(
        `${JSON.stringify(command.args[command.registeredArguments.length])} is an argument too many`,
        where,
        `put a path with spaces in quotes, or see ${help}`,
      );
    default:
      return usageError(message.replace(/^error: /, ''), where, help);
  }
}

/** What has to follow a command: `<in> <out>`. */
function words(command: Command): string {
  return command.registeredArguments.map((word) => `<${word.name()}>${word.variadic ? '...' : ''}`).join(' ');
}

/** `--report=false`: commander knows the flag, and no such flag with a value. */
function switchWithValue(command: Command, flag: string): AttuneError {
  const opposite = `--no-${flag.slice(2)}`;
  const hasOpposite = command.options.some(({ long }) => long === opposite);
  return usageError(
    'this flag takes no value',
    flag,
    hasOpposite ? `write ${flag}, or ${opposite}` : `write ${flag} alone`,
  );
}

/** `word` stands where a command has to. */
export function unknownCommand(program: Command, word: string): AttuneError {
  const name = ourName(word, COMMAND_NAMES) ?? nearest(word, visibleCommands(program));
  const hint = name === undefined ? `${commandLine(['--help'])} lists the commands` : `did you mean ${name}?`;
  return usageError(`there is no command ${word}`, 'attune', hint);
}

/** The flag of this command that another tool calls so, or else the nearest one. */
function flagMeant(word: string, flags: readonly string[]): string | undefined {
  const ours = `--${ourName(word, FLAG_NAMES)}`;
  const flag = flags.includes(ours) ? ours : nearest(word, flags);
  return flag === undefined ? undefined : `did you mean ${flag}?`;
}

function visibleFlags(command: Command): string[] {
  const options = command.createHelp().visibleOptions(command);
  return options.flatMap(({ long }) => long ?? []);
}

function visibleCommands(command: Command): string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((known) => known.name());
}
