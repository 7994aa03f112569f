/**
 * Functions of this folder that run in a child process: Dawn and drivers print warnings on standard error, and a broken
 * driver may end the process that uses it.
 */
import { execFile } from 'node:child_process';

/**
 * Calls an exported function of a module in a child process. Resolves with what it wrote to standard output; also when
 * it was ended because its time was over, or ended by itself.
 * @param module the module's URL
 * @param words what the function is called with, as JSON
 */
export function outputOfChild(
  module: string,
  name: string,
  words: readonly unknown[],
  timeoutMs: number,
): Promise<string> {
  const call = `${name}(${words.map((word) => JSON.stringify(word)).join(', ')})`;
  const code = `import { ${name} } from ${JSON.stringify(module)}; await ${call};`;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', code],
      { timeout: timeoutMs, maxBuffer: 2 ** 24, killSignal: 'SIGKILL' },
      (_error, stdout) => resolve(stdout),
    );
  });
}
