/**
 * Six tasks of real pictures for the benchmark of defaults, as folders of classes, made of what anybody can install:
 *
 *     apt-get install openclipart-png tuxpaint-stamps-default     drawings and photographs, categories as folders
 *     npm install --ignore-scripts emoji-datasource-google         named pictures of 64 pixels, with categories
 *     apt-get install dataset-fashion-mnist                       garments of 28 pixels, for training from random values
 *     BCCD (github.com/Shenggan/BCCD_Dataset)                      microscope images with boxes of three kinds of cells
 *
 * Which pictures of a category are taken is drawn by the generator below, the same everywhere.
 */
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { CLASSES, IMAGE_LENGTH, readFashion, SIDE } from '../fashion/dataset.mjs';

const require = createRequire(import.meta.url);
const sharp = require('sharp');

const CLIPART = {
  birds: ['animals/birds'],
  bugs: ['animals/bugs'],
  mammals: ['animals/mammals'],
  fruit: ['food/fruit'],
  desserts: ['food/desserts'],
  flowers: ['plants/flowers'],
  vehicles: ['transportation/vehicles'],
  homes: ['buildings/homes'],
};

const OBJECTS = {
  office: ['office'],
  tools: ['tools'],
  smilies: ['people/smilies'],
  music: ['recreation/music'],
  sports: ['recreation/sports'],
  hardware: ['computer/hardware'],
  beverages: ['food/beverages'],
  boating: ['transportation/boating'],
};

const STAMPS = {
  birds: ['animals/birds'],
  mammals: ['animals/mammals', 'animals/mammals/bovines', 'animals/mammals/cats', 'animals/mammals/rodents'],
  insects: ['animals/insects', 'animals/insects/cartoon'],
  fruit: ['food/fruit'],
  vegetables: ['food/vegetables'],
  flowers: ['plants/flowers'],
  clothes: ['clothes', 'clothes/hats'],
  household: ['household', 'household/tools', 'household/dishes', 'household/electronics'],
  vehicles: ['vehicles', 'vehicles/auto', 'vehicles/construction/cartoon', 'vehicles/locomotive/cartoon'],
};

const EMOJI_KINDS = {
  animals: ['Animals & Nature'],
  food: ['Food & Drink'],
  travel: ['Travel & Places'],
  activities: ['Activities'],
  objects: ['Objects'],
  symbols: ['Symbols'],
  people: ['People & Body'],
  faces: ['Smileys & Emotion'],
};

const EMOJI_LIVING = {
  mammals: ['animal-mammal'],
  birds: ['animal-bird'],
  'water animals': ['animal-marine'],
  bugs: ['animal-bug'],
  plants: ['plant-flower', 'plant-other'],
  fruit: ['food-fruit'],
  vegetables: ['food-vegetable'],
  dishes: ['food-prepared', 'food-asian'],
  sweets: ['food-sweet'],
};

/** The most pictures of a class. */
const MOST = 30;
const CELLS = 70;
const GARMENTS = 60;

/** Each task by its name: writes its folder from where its source is. */
export const TASKS = {
  clipart: { source: 'clipart', make: (from, to) => folders(from, CLIPART, to, 25) },
  objects: { source: 'clipart', make: (from, to) => folders(from, OBJECTS, to, MOST) },
  stamps: { source: 'stamps', make: (from, to) => folders(from, STAMPS, to, MOST) },
  'emoji-kinds': { source: 'emoji', make: (from, to) => emoji(from, 'category', EMOJI_KINDS, to) },
  'emoji-living': { source: 'emoji', make: (from, to) => emoji(from, 'subcategory', EMOJI_LIVING, to) },
  cells: { source: 'cells', make: cells },
};

/** What the small network's weights come from is no task for these. */
export const EXTRA_TASKS = { fashion: { source: 'fashion', make: garments } };

/** Makes the folder of a task anew. */
export async function makeTask(name, sources, to) {
  const { source, make } = { ...TASKS, ...EXTRA_TASKS }[name];
  const making = `${to}.making`;
  await rm(making, { recursive: true, force: true });
  await make(sources[source], making);
  await rm(to, { recursive: true, force: true });
  await rename(making, to);
}

async function folders(from, classes, to, most) {
  for (const [name, places] of Object.entries(classes)) {
    const files = [];
    for (const place of places) {
      const all = (await readdir(join(from, place), { withFileTypes: true })).filter(
        (entry) => entry.isFile() && extname(entry.name) === '.png',
      );
      files.push(...all.map((entry) => join(from, place, entry.name)));
    }
    await copyAll(drawn(files, most), join(to, name));
  }
}

async function emoji(from, key, classes, to) {
  const list = require(join(from, 'emoji.json'));
  for (const [name, kinds] of Object.entries(classes)) {
    const files = list
      .filter((one) => kinds.includes(one[key]) && one.has_img_google)
      .map(({ image }) => join(from, 'img/google/64', image));
    await copyAll(drawn(files, MOST), join(to, name));
  }
}

/** Every cell is cut out with its box, a quarter wider, of at least 24 pixels. */
async function cells(from, to) {
  const boxes = {};
  for (const file of (await readdir(join(from, 'Annotations'))).filter((name) => name.endsWith('.xml'))) {
    const text = await readFile(join(from, 'Annotations', file), 'utf8');
    for (const [, object] of text.matchAll(/<object>([\s\S]*?)<\/object>/g)) {
      const number = (tag) => Number(object.match(new RegExp(`<${tag}>(\\d+)</${tag}>`))[1]);
      const kind = object.match(/<name>(\w+)<\/name>/)[1];
      const [x0, y0, x1, y1] = ['xmin', 'ymin', 'xmax', 'ymax'].map(number);
      if (x1 - x0 >= 24 && y1 - y0 >= 24) {
        boxes[kind] ??= [];
        boxes[kind].push({ image: file.replace(/xml$/, 'jpg'), x0, y0, x1, y1 });
      }
    }
  }
  for (const [kind, all] of Object.entries(boxes).sort()) {
    await mkdir(join(to, kind), { recursive: true });
    for (const [i, { image, x0, y0, x1, y1 }] of drawn(all, CELLS).entries()) {
      const picture = sharp(join(from, 'JPEGImages', image));
      const { width, height } = await picture.metadata();
      const [dx, dy] = [Math.round((x1 - x0) / 8), Math.round((y1 - y0) / 8)];
      const [left, top] = [Math.max(0, x0 - dx), Math.max(0, y0 - dy)];
      const area = {
        left,
        top,
        width: Math.min(width, x1 + dx) - left,
        height: Math.min(height, y1 + dy) - top,
      };
      await writeFile(join(to, kind, `${i}.png`), await picture.extract(area).png().toBuffer());
    }
  }
}

async function garments(from, to) {
  const { images, labels } = await readFashion(from, 'train');
  for (let label = 0; label < CLASSES; label++) {
    const folder = join(to, String(label));
    await mkdir(folder, { recursive: true });
    const all = [...labels.keys()].filter((i) => labels[i] === label);
    for (const i of drawn(all, GARMENTS)) {
      const pixels = images.subarray(i * IMAGE_LENGTH, (i + 1) * IMAGE_LENGTH);
      const picture = sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 1 } });
      await writeFile(join(folder, `${i}.png`), await picture.png().toBuffer());
    }
  }
}

async function copyAll(files, folder) {
  await mkdir(folder, { recursive: true });
  for (const [i, file] of files.entries()) await copyFile(file, join(folder, `${i}${extname(file)}`));
}

/** `most` of them, by a fixed permutation (a linear congruential generator). */
function drawn(items, most) {
  const left = [...items];
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const taken = [];
  while (taken.length < most && left.length > 0)
    taken.push(...left.splice(Math.floor(next() * left.length), 1));
  return taken;
}
