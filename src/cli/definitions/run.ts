/** The command line as a function: parse, call the command, turn whatever happens into an exit code. */
import { CommanderError } from 'commander';
import { failure, reportFailure } from '../errors.js';
import type { Output } from '../output.js';
import { runProgram } from './program.js';

/**
 * Runs one command line.
 * @param argv the words after `attune`
 * @returns the exit code: 0 done, 1 the input or the machine is at fault, 2 wrong usage, 130 interrupted
 */
export async function run(argv: readonly string[], output: Output): Promise<number> {
  const given = beforeDoubleDash(argv);
  // Known before parsing, because parsing may be what fails.
  const json = given.includes('--json');
  const debug = given.includes('--debug');
  const fail = (thrown: unknown) => reportFailure(failure(thrown), thrown, output, { json, debug });
  // What a library throws outside of any promise that is awaited here.
  const onUncaught = (thrown: unknown) => process.exit(fail(thrown));
  process.on('uncaughtException', onUncaught);
  try {
    return await runProgram(argv, output, process.env);
  } catch (thrown) {
    // The help or the version was printed: because it was asked for, or in place of a command.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    return fail(thrown);
  } finally {
    process.off('uncaughtException', onUncaught);
  }
}

function beforeDoubleDash(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}
