/** attune's half of the comparison: pictures decoded, resized and normalised, and a network's logits for them. */
import { decodeImage, imagenetPreprocessing, preprocessImage } from '../../dist/inputs/index.js';
import { probeAdapters } from '../../dist/device/webgpu/node.js';
import { open } from '../../dist/engine/open.js';
import { findModel, loadWeights } from '../../dist/models/index.js';
import { freeze } from '../../dist/nn/index.js';
import { normalizeImages } from '../../dist/ops/image/normalize-images.js';
import { tensor } from '../../dist/tensor/tensor.js';

export const SIDE = 224;
export const PREPROCESSING = imagenetPreprocessing(SIDE);

/** Pictures per program: what keeps a software adapter's memory small. */
const BATCH = 2;

/**
 * Opens one of 'webgpu', 'cpu' and 'float64'. WebGPU is the hardware adapter, else the software one; `adapter`
 * names another. Throws where there is none.
 */
export async function openNamed(name, adapter) {
  if (name === 'cpu') return open('cpu');
  if (name === 'float64') return open('cpu', { precision: 'float64' });
  const [first] = await probeAdapters();
  const wanted = adapter ?? first?.adapter;
  if (wanted === undefined) throw new Error('there is no WebGPU adapter: run "npm run setup:vulkan"');
  return open('webgpu', { adapter: wanted });
}

/** The bytes of each picture after resizing and cropping: what attune stores in its cache. */
export async function readPictures(paths) {
  const images = await Promise.all(paths.map((path) => decodeImage(path)));
  return images.map((image) => preprocessImage(image, PREPROCESSING).pixels);
}

/** The pictures as a network reads them, normalised on `device`: one array [pictures, side, side, 3]. */
export async function normalized(device, pictures) {
  return concatenated(await batches(pictures, (batch) => device.run(() => fromBytes(batch))));
}

/** A model of this name with the weights of `path`, ready on `device`. */
export async function loadModel(device, name, path) {
  const model = findModel(name).create();
  await loadWeights(model, path);
  await freeze(model);
  await model.to(device);
  return model;
}

/** Logits [pictures, 1000] of pictures as bytes. */
export async function logitsOfBytes(device, model, pictures) {
  return concatenated(await batches(pictures, (batch) => device.run(() => model.forward(fromBytes(batch)))));
}

/** Logits [pictures, 1000] of pictures that are normalised already, [side, side, 3] each. */
export async function logitsOfValues(device, model, pictures) {
  const shape = [1, SIDE, SIDE, 3];
  const logits = [];
  for (const values of pictures) logits.push(await device.run(() => model.forward(tensor(values, shape))));
  return concatenated(logits);
}

function fromBytes(pictures) {
  const pixels = new Uint8Array(pictures.length * SIDE * SIDE * 3);
  for (const [i, picture] of pictures.entries()) pixels.set(picture, i * picture.length);
  const bytes = tensor(pixels, [pictures.length, SIDE, SIDE, 3], 'uint8');
  return normalizeImages(bytes, PREPROCESSING.mean, PREPROCESSING.std);
}

async function batches(pictures, compute) {
  const results = [];
  for (let start = 0; start < pictures.length; start += BATCH) {
    results.push(await compute(pictures.slice(start, start + BATCH)));
  }
  return results;
}

function concatenated(parts) {
  const result = new parts[0].constructor(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    result.set(part, end);
    end += part.length;
  }
  return result;
}
