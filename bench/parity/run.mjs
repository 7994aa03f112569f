/**
 * Shows that attune computes what PyTorch computes: README.md says what is compared.
 *
 *     npm run build && node bench/parity/run.mjs [--models resnet18,mobilenet_v2] [--devices webgpu,cpu,float64]
 *         [--formats zip,legacy] [--pictures 8] [--float64-pictures 8] [--adapter NAME]
 *
 * Exit code 0 when everything agrees, 1 when anything does not or cannot be compared.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  loadModel,
  logitsOfBytes,
  logitsOfValues,
  normalized,
  openNamed,
  PREPROCESSING,
  readPictures,
  SIDE,
} from './attune-logits.mjs';
import { largestDifference, nearestRows, relativeDifference } from './compare.mjs';
import { findPython } from './python.mjs';

const REFERENCE = fileURLToPath(new URL('./torch_reference.py', import.meta.url));
const CLASSES = 1000;
const PICTURE_LENGTH = SIDE * SIDE * 3;
/** Largest difference allowed: of pixels in steps of 1/255, of logits as a share of the largest logit. */
const PIXEL_LIMIT = 1;
const LOGIT_LIMITS = { webgpu: 1e-3, cpu: 1e-3, float64: 1e-9 };

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: 'resnet18,resnet34,resnet50,resnet101,resnet152,mobilenet_v2' },
    devices: { type: 'string', default: 'webgpu,cpu,float64' },
    formats: { type: 'string', default: 'zip,legacy' },
    pictures: { type: 'string', default: '8' },
    'float64-pictures': { type: 'string', default: '8' },
    adapter: { type: 'string' },
  },
});
const devices = options.devices.split(',');
const formats = options.formats.split(',');
let misses = 0;

try {
  const python = findPython();
  for (const model of options.models.split(',')) await compareModel(python, model);
  console.log(misses === 0 ? '\nattune equals PyTorch.' : `\n${misses} comparisons missed.`);
} catch (error) {
  console.error(`parity: ${error.message}`);
  misses++;
}
process.exitCode = misses === 0 ? 0 : 1;

/** One network: made by PyTorch, then computed by attune on every device from every file. */
async function compareModel(python, name) {
  const folder = mkdtempSync(join(tmpdir(), 'attune-parity-'));
  try {
    const reference = makeReference(python, name, folder);
    const { versions, pictures, logits } = reference;
    console.log(
      `\n${name}: torch ${versions.torch}, torchvision ${versions.torchvision}, ${pictures.length} pictures`,
    );
    const distance = nearestRows(logits, CLASSES).toFixed(3);
    console.log(
      `  largest logit ${largest(logits).toFixed(2)}; two pictures differ by ${distance} of it at least`,
    );
    const bytes = await readPictures(pictures);
    for (const device of devices) await compareOnDevice(device, name, folder, bytes, reference);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeReference(python, name, folder) {
  const counts = [options.pictures, options['float64-pictures']];
  const output = execFileSync(python, [REFERENCE, name, folder, ...counts], { encoding: 'utf8' });
  return {
    ...JSON.parse(output),
    pixels: new Float32Array(readFile(folder, 'pixels.f32')),
    logits: new Float32Array(readFile(folder, 'logits.f32')),
    logits64: new Float64Array(readFile(folder, 'logits.f64')),
  };
}

async function compareOnDevice(deviceName, name, folder, bytes, { pixels, logits, logits64 }) {
  const device = await openNamed(deviceName, options.adapter);
  try {
    const { adapter, software } = device.info;
    console.log(`  ${deviceName}: ${adapter}${software ? ' (software)' : ''}`);
    if (deviceName !== 'float64') comparePixels(await normalized(device, bytes), pixels);
    for (const format of formats) {
      const started = performance.now();
      const model = await loadModel(device, name, join(folder, `${format}.pth`));
      // In float64 the pixels are PyTorch's own, which are rounded to float32.
      const found =
        deviceName === 'float64'
          ? await logitsOfValues(device, model, split(Float64Array.from(pixels), logits64.length / CLASSES))
          : await logitsOfBytes(device, model, bytes);
      model.close();
      const difference = relativeDifference(found, deviceName === 'float64' ? logits64 : logits);
      const count = `pictures: ${found.length / CLASSES}, ${seconds(started)} s`;
      report(
        `logits, ${format} file`,
        difference,
        LOGIT_LIMITS[deviceName],
        `of the largest logit; ${count}`,
      );
    }
  } finally {
    await device.close();
  }
}

function comparePixels(found, expected) {
  const difference = largestDifference(found, expected, (i) => PREPROCESSING.std[i % 3] * 255);
  report('pixels', difference, PIXEL_LIMIT, 'of 1/255');
}

function report(what, difference, limit, unit) {
  const agrees = difference <= limit;
  if (!agrees) misses++;
  const text = `${difference.toExponential(1)} (limit ${limit.toExponential(0)}) ${unit}`;
  console.log(`    ${agrees ? 'ok  ' : 'MISS'} ${what.padEnd(20)} ${text}`);
}

/** The first `count` pictures of an array of all. */
function split(pixels, count) {
  return Array.from({ length: count }, (_, i) =>
    pixels.subarray(i * PICTURE_LENGTH, (i + 1) * PICTURE_LENGTH),
  );
}

/** The bytes of a file as memory of their own, aligned for any type. */
function readFile(folder, name) {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name));
  return buffer.slice(byteOffset, byteOffset + byteLength);
}

function largest(values) {
  return largestDifference(values, new Float64Array(values.length));
}

function seconds(started) {
  return ((performance.now() - started) / 1000).toFixed(1);
}
