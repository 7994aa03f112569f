/**
 * Asks Dawn for a WebGPU adapter, in a child process: a missing driver makes Dawn print native
 * warnings, and a broken one can take its process along.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { withSoftwareGpu } from './software-gpu.mjs';

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

/**
 * The adapter that the WGSL tests run on: the machine's own, else the software one that a development dependency brings.
 * Drivers that the environment names are the user's choice, and no others are tried.
 *
 * @param root the repository
 * @param environment of the tests
 * @returns { name, warnings, environment }: as of `findAdapter`, and the environment in which Dawn finds it
 */
export function chooseAdapter(root, environment) {
  const own = { ...findAdapter(environment), environment };
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES } = environment;
  if (own.name !== undefined || VK_DRIVER_FILES || VK_ICD_FILENAMES) return own;
  const software = withSoftwareGpu(root, environment);
  return software === undefined ? own : { ...findAdapter(software), environment: software };
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
