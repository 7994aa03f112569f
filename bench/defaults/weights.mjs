/** The MobileNetV2 of npm's nsfwjs, whose files are modules of JavaScript, as a layers model of TensorFlow.js. */
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const FILE = 'group1-shard1of1.bin';

/** Writes `model.json` and its shard. */
export async function writeNsfwWeights(nsfwjs, folder) {
  if (nsfwjs === undefined)
    throw new Error(
      'name the package with the weights: --nsfwjs FOLDER (npm install --ignore-scripts nsfwjs)',
    );
  const require = createRequire(import.meta.url);
  const from = resolve(nsfwjs, 'dist/models/mobilenet_v2');
  const { modelTopology, weightsManifest } = require(join(from, 'model.min.js'));
  const bytes = Buffer.from(require(join(from, 'group1-shard1of1.min.js')), 'base64');
  const [{ weights }] = weightsManifest;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, FILE), bytes);
  const model = { format: 'layers-model', modelTopology, weightsManifest: [{ paths: [FILE], weights }] };
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
}
