/**
 * Writes fixtures/format-1/: run folders as commit cdc9746 made them, with checkpoints of format 1 and states of format 6,
 * and what it predicts with them. By hand, with that commit built in a folder of its own:
 *
 *     git worktree add ../cdc9746 cdc9746 && npm ci --prefix ../cdc9746
 *     node test/runs/make-format-1.mjs ../cdc9746
 *
 * The network is the small ResNet, in which all but a few channels are zero and stay so, as no gradient reaches them: a
 * file of 1.1 MB is 20 kB of gzip. Tests put the pictures elsewhere than in DATA, and say so in the files
 * (format-1-support.ts).
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { PNG } from 'pngjs';

/** Where the pictures were. */
const DATA = '/tmp/attune-format-1';
const FIXTURES = fileURLToPath(new URL('fixtures/format-1/', import.meta.url));
/** Channels that are not zero, by how many a layer has. */
const LIVE = { 3: 3, 16: 3, 32: 4, 64: 6 };
/** Pictures of each class in each part. */
const PARTS = { train: 4, val: 2, test: 1 };

const checkout = resolve(process.argv[2]);
const attune = await import(pathToFileURL(join(checkout, 'dist/index.js')).href);
process.env.ATTUNE_CACHE = join(DATA, 'cache');
rmSync(DATA, { recursive: true, force: true });
rmSync(FIXTURES, { recursive: true, force: true });
writePictures(join(FIXTURES, 'pictures'));
writePictures(join(DATA, 'pictures'));
const weights = join(DATA, 'sparse.safetensors');
await writeSparseWeights(weights);

const common = {
  data: join(DATA, 'pictures'),
  weights,
  strategy: 'probe-then-full',
  imageSize: 32,
  batchSize: 4,
  epochs: 2,
  device: 'cpu',
  threads: 1,
  workers: 1,
  tensorboard: false,
};
await keep('classes', await attune.finetune({ ...common, out: join(DATA, 'classes') }));
const values = { ...common, data: join(DATA, 'pictures/values.csv'), epochs: 1 };
await keep('values', await attune.finetune({ ...values, out: join(DATA, 'values') }));
const controller = new AbortController();
let batches = 0;
const interrupted = await attune.finetune(
  { ...common, optimizer: 'adam', ema: 0.9, out: join(DATA, 'interrupted') },
  {
    signal: controller.signal,
    onEvent({ type, task }) {
      if (type === 'progress' && task.startsWith('epoch') && ++batches === 3) controller.abort();
    },
  },
);
await keep('interrupted', interrupted);

/** The files of a run that tests read, and what it predicts. */
async function keep(name, { run, interrupted }) {
  const folder = join(FIXTURES, name);
  mkdirSync(folder, { recursive: true });
  for (const file of [
    'recipe.json',
    'metrics.jsonl',
    'manifest.json',
    name === 'values' ? 'columns.json' : 'classes.json',
  ])
    copyFileSync(join(run, file), join(folder, file));
  for (const file of ['best', 'state'].map((part) => `${part}.safetensors`))
    writeFileSync(join(folder, `${file}.gz`), gzipSync(readFileSync(join(run, file)), { level: 9 }));
  const images = [join(DATA, 'pictures/test')];
  const answer = await attune.predict({ run, images, device: 'cpu', threads: 1 });
  const document = { interrupted, ...answer };
  const text = JSON.stringify(document, null, 2).replaceAll(`${DATA}/pictures/`, '');
  writeFileSync(join(folder, 'predicted.json'), `${text}\n`);
}

async function writeSparseWeights(path) {
  const model = attune.resnetSmall({ classes: 5, seed: 3 });
  const tensors = [...(await attune.stateDict(model)).values()].map(({ name, dtype, shape, data }) => {
    const inner = shape.slice(2).reduce((product, size) => product * size, 1);
    const isLive = (i) => {
      if (name.startsWith('fc.') || shape.length === 0) return true;
      if (shape.length === 1) return i < LIVE[shape[0]];
      const [out, input] = [Math.floor(i / (inner * shape[1])), Math.floor(i / inner) % shape[1]];
      return out < LIVE[shape[0]] && input < LIVE[shape[1]];
    };
    return { name, dtype, shape, data: data.map((value, i) => (isLive(i) ? value : 0)) };
  });
  await attune.writeSafetensors(path, tensors);
}

/** Stripes in class folders, and a CSV file of their width. */
function writePictures(folder) {
  const rows = ['image,width,split'];
  for (const [part, count] of Object.entries(PARTS)) {
    for (const [kind, name] of ['ant', 'bee'].entries()) {
      for (let i = 0; i < count; i++) {
        const width = 2 + ((3 * i + kind + part.length) % 7);
        const path = `${part}/${name}/${i}.png`;
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), stripes(kind, width, i));
        rows.push(`${path},${width}.5,${part}`);
      }
    }
  }
  writeFileSync(join(folder, 'values.csv'), `${rows.join('\n')}\n`);
}

function stripes(kind, width, shift) {
  const png = new PNG({ width: 32, height: 32, colorType: 2 });
  for (let y = 0; y < 32; y++) {
    for (let x = 0; x < 32; x++) {
      const isLight = Math.floor(((kind === 0 ? x : y) + shift) / width) % 2 === 0;
      const color = isLight ? [200, 120 + 60 * kind, 90] : [40, 60, 30 + 10 * shift];
      png.data.set([...color, 255], (y * 32 + x) * 4);
    }
  }
  return PNG.sync.write(png, { colorType: 2 });
}
