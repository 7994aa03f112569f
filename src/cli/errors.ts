/** What a failure becomes on the command line: one sentence, one exit code, under `--json` one document. */
import { AttuneError, sentence } from '../errors.js';
import { machineFault } from '../machine-fault.js';
import type { Output } from './output.js';
import { displayWidth, oneLine, shorten } from '../text.js';

/** A wrong flag, value or argument; exit code 2. */
export function usageError(what: string, where: string, hint: string): AttuneError {
  return new AttuneError({ code: 'usage', what, where, hint });
}

/** Whatever was thrown, as an AttuneError. */
export function failure(thrown: unknown): AttuneError {
  const refusal = refusalOf(thrown);
  if (refusal !== null) {
    const { code, what, where } =
      thrown instanceof AttuneError ? thrown : { code: 'device' as const, what: refusal, where: undefined };
    const hint = 'Node runs under its permission model: start it without, or allow what it names';
    return new AttuneError({ code, what, where, hint }, { cause: thrown });
  }
  if (thrown instanceof AttuneError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new AttuneError({ code: 'interrupted', what: 'interrupted' }, { cause: thrown });
  }
  const fault = machineFault(thrown);
  if (fault !== null) return fault;
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new AttuneError(
    {
      code: 'internal',
      what: `this should not have happened, ${text}`,
      hint: 'please report it, with what the same command prints under --debug',
    },
    { cause: thrown },
  );
}

/** What Node's permission model (`--permission`) has refused, in Node's words; null where it is not the cause. */
function refusalOf(thrown: unknown): string | null {
  for (let at = thrown; at instanceof Error; at = at.cause) {
    if ((at as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED') return at.message.replace(/\.$/, '');
  }
  return null;
}

export function exitCode({ code }: AttuneError): number {
  if (code === 'usage') return 2;
  return code === 'interrupted' ? 130 : 1;
}

export interface FailureFormat {
  readonly json: boolean;
  /** Print the stack of what was thrown, and of its causes. */
  readonly debug: boolean;
}

/** Prints a failure; returns the exit code. */
export function reportFailure(
  error: AttuneError,
  thrown: unknown,
  output: Output,
  { json, debug }: FailureFormat,
): number {
  const { code, what, where, hint } = error;
  if (json) output.json({ error: { code, what, where: where ?? null, hint: hint ?? null } });
  output.note(`attune: ${oneLine(debug ? error.message : sentence({ ...error, what: briefly(what) }))}`);
  if (debug) output.note(stacks(thrown));
  return exitCode(error);
}

/** Columns of what went wrong. Weights for another network can name hundreds of tensors, and what to do comes last. */
const MOST_COLUMNS = 400;

function briefly(what: string): string {
  return displayWidth(what) <= MOST_COLUMNS ? what : `${shorten(what, MOST_COLUMNS)} --debug shows all`;
}

function stacks(thrown: unknown): string {
  const lines: string[] = [];
  for (let at = thrown; at !== undefined && at !== null; at = at instanceof Error ? at.cause : null) {
    lines.push(at instanceof Error ? (at.stack ?? at.message) : String(at));
  }
  return lines.join('\ncaused by: ');
}
