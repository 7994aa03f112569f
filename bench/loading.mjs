/**
 * Loading ResNet50 from each format that attune reads: seconds, and the most memory that it takes. Random weights; every
 * format must give the same ones. Fails unless each takes less than 2 seconds and 1.5 times the file.
 *
 *     npm run build && node bench/loading.mjs [options]
 *
 *     --rounds N       a process for each round and format; the fastest counts. Default 5
 *     --save MACHINE   writes bench/results/MACHINE/loading.md and .json
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { present, requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

const MOST_SECONDS = 2;
const MOST_MEMORY = 1.5;

await runMain('loading', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: 'string' },
      save: { type: 'string' },
      write: { type: 'string' },
      read: { type: 'string' },
    },
  });
  requireInstalled({ peers: false });
  if (options.write !== undefined) return print(await write(options.write));
  if (options.read !== undefined) return print(await read(options.read));

  const { describeMachine } = await import('./lib/machine.mjs');
  const machine = describeMachine({ peers: false });
  const folder = mkdtempSync(join(tmpdir(), 'attune-loading-'));
  try {
    const files = inProcess('--write', folder);
    const rows = files.map((file) => measure(file, wholeNumber('rounds', options.rounds, 5)));
    const { loadingReport } = await import('./lib/loading-report.mjs');
    await present('loading', {
      report: loadingReport({ machine, rows }),
      numbers: { machine, rows },
      save: options.save,
    });
    requireSame(rows);
    requireFast(rows);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function write(folder) {
  const { writeFormats } = await import('./lib/loading-formats.mjs');
  return writeFormats(folder);
}

/** Loads a file into a network: seconds of that, and the most memory of the process beyond what it had before. */
async function read(path) {
  const { createHash } = await import('node:crypto');
  const { loadWeights, resnet50 } = await import('../dist/models/index.js');
  const { stateDict } = await import('../dist/nn/index.js');
  const resident = process.memoryUsage.rss();
  const model = resnet50();
  const begin = performance.now();
  const before = process.cpuUsage();
  await loadWeights(model, path);
  const seconds = (performance.now() - begin) / 1000;
  // With the system's: it copies the file and hands out the memory.
  const { user, system } = process.cpuUsage(before);
  const processorSeconds = (user + system) / 1e6;
  const bytes = process.resourceUsage().maxRSS * 1024 - resident;
  const hash = createHash('sha256');
  for (const [name, { data }] of await stateDict(model)) hash.update(name).update(data);
  return { seconds, processorSeconds, bytes, hash: hash.digest('hex') };
}

/** The fastest round, and the most memory of all. */
function measure({ format, path, size }, rounds) {
  const runs = Array.from({ length: rounds }, () => inProcess('--read', path));
  const [fastest] = runs.toSorted((a, b) => a.seconds - b.seconds);
  const row = { ...fastest, format, size, bytes: Math.max(...runs.map(({ bytes }) => bytes)) };
  console.error(`${format}: ${row.seconds.toFixed(2)} s, ${(row.bytes / size).toFixed(2)} times the file`);
  return row;
}

/** What this program prints with other options, in a process whose memory is its own. */
function inProcess(...args) {
  const program = [fileURLToPath(import.meta.url), ...args];
  const { status, stdout } = spawnSync(process.execPath, program, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${args.join(' ')} failed`);
  return JSON.parse(stdout);
}

function print(value) {
  console.log(JSON.stringify(value));
}

function requireSame(rows) {
  const other = rows.find(({ hash }) => hash !== rows[0].hash);
  if (other !== undefined) throw new Error(`${other.format} gives other weights than ${rows[0].format}`);
}

function requireFast(rows) {
  for (const { format, size, seconds, bytes } of rows) {
    if (seconds >= MOST_SECONDS) throw new Error(`${format} took ${seconds.toFixed(2)} s to load`);
    if (bytes >= MOST_MEMORY * size)
      throw new Error(`${format} took ${(bytes / size).toFixed(2)} times the file`);
  }
}
