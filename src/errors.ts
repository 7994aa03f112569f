/**
 * Every failure that a user can cause or meet is an `AttuneError`: one sentence, in three parts.
 *
 * `what` went wrong, `where` (a file, a flag, a tensor, a kernel), and `hint`: what to do about it.
 * The command line prints `attune: <what> (<where>): <hint>`; `--json` prints the parts.
 */

import { oneLine } from './text.js';

/** What kind of failure it is; stable, for programs that read `--json`. */
export type ErrorCode =
  | 'usage' // a wrong flag or argument: exit code 2
  | 'input' // a file or folder that the user named is missing, broken or of the wrong kind
  | 'weights' // a weights file that does not fit, or is damaged
  | 'data' // an image folder with nothing to train on
  | 'download' // the network or the server failed
  | 'disk' // no space, no permission
  | 'device' // no adapter, device lost, out of memory, a limit
  | 'shape' // operands that do not fit together
  | 'program' // a misuse of the library: an operation outside run(), a tensor after its program
  | 'numeric' // a value that is not finite
  | 'interrupted'
  | 'internal';

/** The parts of an error's sentence: what is wrong, where, and what to do about it. */
export interface ErrorParts {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where?: string | undefined;
  readonly hint?: string | undefined;
}

/** The one error class that attune throws on purpose. `message` is the whole sentence. */
export class AttuneError extends Error {
  override readonly name = 'AttuneError';
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(parts: ErrorParts, options?: { cause?: unknown }) {
    super(sentence(parts), options);
    this.code = parts.code;
    this.what = parts.what;
    this.where = parts.where;
    this.hint = parts.hint;
  }
}

/** `what (where): hint` on one line, whatever a name in it holds, leaving out what is absent. */
export function sentence({ what, where, hint }: ErrorParts): string {
  return oneLine(
    `${what}${where === undefined ? '' : ` (${where})`}${hint === undefined ? '' : `: ${hint}`}`,
  );
}
