/** Runs the real program as a child process; and an output that keeps what is written to it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Output, type Sink } from '#src/cli/output';
import { run } from '#src/cli/definitions/run';

export const launcher = fileURLToPath(new URL('../../../src/cli/attune.mjs', import.meta.url));
/** Where the compiled sources are, as a URL: for scripts of child processes. */
export const dist = new URL('../../../dist/', import.meta.url).href;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSettings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** `attune ...words`, with neither a terminal nor ATTUNE_DEVICE. */
export function attune(words: readonly string[], settings: RunSettings = {}): Promise<Ran> {
  return runNode([launcher, ...words], settings);
}

/**
 * The same within this process, in a tenth of the time. One call at a time where there are settings: the working
 * folder and the environment are those of the process.
 */
export async function attuneHere(
  words: readonly string[],
  { cwd, env = {} }: RunSettings = {},
): Promise<Ran> {
  const { output, stdout, stderr } = recordedOutput();
  const folder = process.cwd();
  const before = { ...process.env };
  if (cwd !== undefined) process.chdir(cwd);
  Object.assign(process.env, env);
  try {
    const status = await run(words, output);
    return { status, stdout: stdout.text, stderr: stderr.text };
  } finally {
    process.chdir(folder);
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

/** A script that may import from `dist`. */
export function runScript(code: string, settings: RunSettings = {}): Promise<Ran> {
  return runNode(['--input-type=module', '--eval', code], settings);
}

/** A line as a person types it. */
export function runShell(line: string, settings: RunSettings = {}): Promise<Ran> {
  return runProgram('sh', ['-c', line], settings);
}

export function runNode(words: readonly string[], settings: RunSettings): Promise<Ran> {
  return runProgram(process.execPath, words, settings);
}

function runProgram(program: string, words: readonly string[], { cwd, env = {} }: RunSettings): Promise<Ran> {
  const { ATTUNE_DEVICE: _, ...inherited } = process.env;
  const child = spawn(program, words, {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** A stream that keeps its text. */
export class Recorder implements Sink {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;
  readonly #colours: boolean;

  constructor({ isTTY = false, columns = 80, colours = false } = {}) {
    this.isTTY = isTTY;
    this.columns = columns;
    this.#colours = colours;
  }

  write(text: string): void {
    this.text += text;
  }

  /** What `cli-progress` needs of a stream beside `write`. */
  on(): void {}

  hasColors(): boolean {
    return this.#colours;
  }
}

export function recordedOutput(settings?: ConstructorParameters<typeof Recorder>[0]) {
  const stdout = new Recorder(settings);
  const stderr = new Recorder(settings);
  return { stdout, stderr, output: new Output(stdout, stderr) };
}
