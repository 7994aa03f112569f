/**
 * Shows that attune's Grad-CAM and Grad-CAM++ are those that PyTorch's autograd gives on a ResNet50 with the same random
 * weights, and that other weights give another map.
 *
 *     npm run build && node bench/parity/explain.mjs [--devices webgpu,cpu] [--pictures 4] [--adapter NAME]
 *
 * Exit code 0 when everything agrees, 1 when anything does not or cannot be compared.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { heatMap } from '../../dist/report/explain/heat-maps.js';
import { loadModel, openNamed, PREPROCESSING, readPictures } from './attune-logits.mjs';
import { relativeDifference } from './compare.mjs';
import { findPython } from './python.mjs';

const REFERENCE = fileURLToPath(new URL('./explain_reference.py', import.meta.url));
/** Largest difference allowed, as a share of the map's largest value. */
const LIMIT = 1e-3;
/** Other weights must move a map by more than this share of its largest value. */
const MOVED = 0.1;
/** What PyTorch writes for each picture: method, and the file of the weights. */
const MAPS = [
  ['grad-cam', 'resnet50.pth'],
  ['grad-cam++', 'resnet50.pth'],
  ['grad-cam', 'other.pth'],
];
const CELLS = 7 * 7;

const { values: options } = parseArgs({
  options: {
    devices: { type: 'string', default: 'webgpu,cpu' },
    pictures: { type: 'string', default: '4' },
    adapter: { type: 'string' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'attune-explain-'));
let misses = 0;
try {
  const output = execFileSync(findPython(), [REFERENCE, folder, options.pictures], { encoding: 'utf8' });
  const { versions, pictures, classes } = JSON.parse(output.trim().split('\n').at(-1));
  console.log(
    `ResNet50: torch ${versions.torch}, torchvision ${versions.torchvision}, ${pictures.length} pictures`,
  );
  const bytes = readFileSync(join(folder, 'maps.f32'));
  const maps = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const pixels = await readPictures(pictures);
  for (const device of options.devices.split(',')) await compareOn(device, pixels, classes, maps);
} catch (error) {
  console.error(`parity: ${error.message}`);
  misses++;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(misses === 0 ? '\nattune equals PyTorch.' : `\n${misses} comparisons missed.`);
process.exitCode = misses === 0 ? 0 : 1;

async function compareOn(name, pixels, classes, maps) {
  const device = await openNamed(name, options.adapter);
  console.log(`\n${device.info.adapter}`);
  const own = new Map();
  try {
    for (const [m, [method, file]] of MAPS.entries()) {
      const model = await loadModel(device, 'resnet50', join(folder, file));
      let worst = 0;
      for (const [i, picture] of pixels.entries()) {
        const network = { device, model, preprocessing: PREPROCESSING };
        const { values } = await heatMap(method, network, picture, classes[i]);
        const expected = maps.subarray((i * MAPS.length + m) * CELLS, (i * MAPS.length + m + 1) * CELLS);
        worst = Math.max(worst, relativeDifference(values, expected));
        own.set(`${m} ${i}`, values);
      }
      model.close();
      report(`${method} with ${file}`, worst, worst <= LIMIT);
    }
    const moved = pixels.map((_, i) => relativeDifference(own.get(`2 ${i}`), own.get(`0 ${i}`)));
    const least = Math.min(...moved);
    report('grad-cam with other weights, from that with the first', least, least > MOVED);
  } finally {
    await device.close();
  }
}

function report(what, difference, agrees) {
  if (!agrees) misses++;
  console.log(`  ${agrees ? 'ok  ' : 'MISS'} ${what}: ${difference.toExponential(1)}`);
}
