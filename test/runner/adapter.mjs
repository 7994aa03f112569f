/**
 * Asks Dawn for a WebGPU adapter, in a child process: a missing driver makes Dawn print native
 * warnings, and a broken one can take its process along.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SELF = fileURLToPath(import.meta.url);

/**
 * The adapter that Dawn picks, by name, or undefined where there is none.
 *
 * @param environment of the child process
 * @returns { name, warnings }: `warnings` is what Dawn printed on standard error
 */
export function findAdapter(environment = process.env) {
  const child = spawnSync(process.execPath, [SELF], { env: environment, encoding: 'utf8', timeout: 60_000 });
  return { name: child.status === 0 ? child.stdout.trim() : undefined, warnings: child.stderr.trim() };
}

/** In the child: prints the adapter's name and exits 0, or exits 1. */
async function printAdapter() {
  const { create } = await import('webgpu');
  const gpu = create([]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) process.exit(1);
  const { vendor, device, description } = adapter.info;
  console.log([vendor, device, description].filter((part) => part !== '').join(', '));
  process.exit(0);
}

if (process.argv[1] === SELF) await printAdapter();
