/**
 * Shows that attune trains as PyTorch does: README.md says what is compared, training-cases.mjs how closely.
 *
 *     npm run build && node bench/parity/training.mjs [--cases float64-sgd,float64-adam,...] [--devices webgpu,cpu]
 *         [--adapter NAME] [--model resnet18] [--steps 5]
 *
 * `--model` and `--steps` shorten the cases. Those in float64 run on the CPU whatever `--devices` says.
 * Exit code 0 when everything agrees, 1 when anything does not or cannot be compared.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openTensorFile } from '../../dist/formats/index.js';
import { openNamed } from './attune-logits.mjs';
import { trainCase } from './attune-training.mjs';
import { runningMaximum, worstTensor } from './compare.mjs';
import { findPython } from './python.mjs';
import { CASES, ROUNDING, SPREADS, WITHOUT_GRADIENT } from './training-cases.mjs';

const REFERENCE = fileURLToPath(new URL('./training_reference.py', import.meta.url));
/** Steps whose losses are printed, and the last one; all are judged. */
const PRINTED_STEPS = [1, 2, 3, 5, 10, 20, 50];

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: Object.keys(CASES).join() },
    devices: { type: 'string', default: 'webgpu,cpu' },
    adapter: { type: 'string' },
    model: { type: 'string' },
    steps: { type: 'string' },
  },
});
let misses = 0;

try {
  const python = findPython();
  for (const name of options.cases.split(',')) await compareCase(python, name, definitionOf(name));
  console.log(misses === 0 ? '\nattune trains as PyTorch does.' : `\n${misses} comparisons missed.`);
} catch (error) {
  console.error(`parity of training: ${error.stack}`);
  misses++;
}
process.exitCode = misses === 0 ? 0 : 1;

function definitionOf(name) {
  const definition = CASES[name];
  if (definition === undefined)
    throw new Error(`no case is named ${name}; there are ${Object.keys(CASES).join(', ')}`);
  const steps = options.steps === undefined ? definition.steps : Number(options.steps);
  const model = options.model ?? definition.model;
  // As text too, for PyTorch's half leaves the same parameters out of its spread.
  const vanishing = WITHOUT_GRADIENT[model] ?? null;
  return { ...definition, steps, model, vanishing, withoutGradient: vanishing?.source ?? null };
}

/** One case: trained by PyTorch, then by attune on every device. */
async function compareCase(python, name, definition) {
  const { model, initial, optimizer, lr, batch, side, precision, steps } = definition;
  const folder = mkdtempSync(join(tmpdir(), 'attune-parity-'));
  try {
    const started = performance.now();
    const input = JSON.stringify(definition);
    const output = execFileSync(python, [REFERENCE, folder], {
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const reference = JSON.parse(output);
    console.log(
      `\n${name}: ${model}, ${initial} start, ${optimizer}, lr ${lr}, batch ${batch} at ${side}, ${steps} steps`,
    );
    console.log(
      `  torch ${reference.versions.torch} (${seconds(started)} s), loss ${ends(reference.losses)}`,
    );
    const devices = precision === 'float64' ? ['float64'] : options.devices.split(',');
    for (const device of devices) await compareOnDevice(device, definition, folder, reference);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareOnDevice(deviceName, definition, folder, { losses, spread }) {
  const device = await openNamed(deviceName, options.adapter);
  try {
    const { adapter, software } = device.info;
    const started = performance.now();
    const found = await trainCase(device, definition, folder);
    console.log(`  ${deviceName}: ${adapter}${software ? ' (software)' : ''}, ${seconds(started)} s`);
    compareLosses(found.losses, losses, spread.losses, definition.limits.losses);
    for (const what of ['gradients', 'statistics']) {
      // A network without batch norms has no statistics, and PyTorch's file of them nothing to read.
      const hasNone = found[what].size === 0;
      const expected = hasNone ? new Map() : await readTensors(join(folder, `${what}.pth`));
      const { vanishing, precision } = definition;
      const allowed = { vanishing: what === 'gradients' ? vanishing : null, rounding: ROUNDING[precision] };
      const { name, difference } = worstTensor(found[what], expected, allowed);
      const limit = definition.limits[what] ?? SPREADS * spread[what];
      report(
        difference <= limit,
        what,
        difference,
        limit,
        spread[what],
        remarkOn(expected, allowed.vanishing, name),
      );
    }
  } finally {
    await device.close();
  }
}

function remarkOn(expected, vanishing, worst) {
  const zeros = vanishing === null ? [] : [...expected.keys()].filter((name) => vanishing.test(name));
  const remark = zeros.length === 0 ? '' : `, ${zeros.length} of them zero but for rounding`;
  return `${expected.size} tensors${remark}, worst ${worst}`;
}

/**
 * Each step's relative distance from float64. The spread at a step is the largest up to it: a run that has strayed
 * may come close again by chance.
 */
function compareLosses(found, expected, spreads, fixedLimit) {
  const largestSpreads = runningMaximum(spreads);
  const rows = found.map((loss, i) => {
    const difference = Math.abs(loss - expected[i]) / Math.abs(expected[i]);
    const limit = fixedLimit ?? SPREADS * largestSpreads[i];
    return { step: i + 1, difference, limit, spread: largestSpreads[i], agrees: difference <= limit };
  });
  const missed = rows.filter(({ agrees }) => !agrees);
  for (const row of rows) {
    const { step, agrees, difference, limit, spread } = row;
    if (!PRINTED_STEPS.includes(step) && step !== rows.length && row !== missed[0]) continue;
    report(agrees, `loss of step ${step}`, difference, limit, spread);
  }
  if (missed.length > 0) console.log(`    ${missed.length} of ${rows.length} losses missed`);
}

function report(agrees, what, difference, limit, spread, remark = '') {
  if (!agrees) misses++;
  const [found, allowed, own] = [difference, limit, spread].map((value) => value.toExponential(1));
  const text = `${found} (limit ${allowed}; PyTorch's own spread ${own}) ${remark}`;
  console.log(`    ${agrees ? 'ok  ' : 'MISS'} ${what.padEnd(16)} ${text}`.trimEnd());
}

/** The float64 tensors of a file; `read` would round them to float32. */
async function readTensors(path) {
  const file = await openTensorFile(path);
  try {
    const tensors = new Map();
    for (const entry of file.tensors) {
      tensors.set(entry.name, new Float64Array((await entry.readRaw()).slice().buffer));
    }
    return tensors;
  } finally {
    await file.close();
  }
}

function ends(losses) {
  return `${losses[0].toFixed(4)} to ${losses.at(-1).toFixed(4)}`;
}

function seconds(started) {
  return ((performance.now() - started) / 1000).toFixed(1);
}
