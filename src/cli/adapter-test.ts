/**
 * The self-test of a GPU adapter, in a child process: Dawn and drivers print warnings on standard error, and a broken
 * driver may end the process that uses it.
 */
import { execFile } from 'node:child_process';
import { type SelfTest, selfTest } from '../device/self-test.js';
import { openDawn } from '../device/webgpu/node.js';

const TIMEOUT_MS = 120_000;

/** The results; one failed test, `opens`, when the adapter cannot be opened or the child ended early. */
export async function testAdapter(name: string): Promise<SelfTest[]> {
  const code = `import { printSelfTest } from ${JSON.stringify(import.meta.url)}; await printSelfTest(${JSON.stringify(name)});`;
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', code],
      { timeout: TIMEOUT_MS, maxBuffer: 2 ** 24 },
      (_error, stdout) => resolve(stdout),
    );
  });
  try {
    return JSON.parse(output) as SelfTest[];
  } catch {
    return [{ name: 'opens', ok: false }];
  }
}

/** What the child process does. */
export async function printSelfTest(name: string): Promise<void> {
  const results = await selfTest(await openDawn({ adapterName: name }));
  process.stdout.write(JSON.stringify(results), () => process.exit(0));
}
