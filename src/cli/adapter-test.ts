/** The self-test of a GPU adapter, in a child process. */
import { type SelfTest, selfTest } from '../device/self-test.js';
import { openDawn } from '../device/webgpu/node.js';
import { outputOfChild } from './child.js';

const TIMEOUT_MS = 120_000;

/** The results; one failed test, `opens`, when the adapter cannot be opened or the child ended early. */
export async function testAdapter(name: string): Promise<SelfTest[]> {
  const output = await outputOfChild(import.meta.url, 'printSelfTest', [name], TIMEOUT_MS);
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
