/** From bytes to batches: shuffled, shifted and mirrored for training, as they are for testing. */
import { CLASSES, IMAGE_LENGTH, SIDE } from './dataset.mjs';

/** The numbers 0 to count - 1 in random order (Fisher and Yates). `random` gives numbers in [0, 1). */
export function shuffled(count, random) {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/**
 * Images `indices` of a data set, each moved by up to `shift` pixels in both directions, what comes in being
 * black, and mirrored in half of the cases: pixels [batch, 28, 28, 1], normalised, and labels.
 */
export function trainingBatch(data, indices, { shift, mean, deviation }, random) {
  const batch = emptyBatch(indices.length);
  const offset = () => Math.floor(random() * (2 * shift + 1)) - shift;
  indices.forEach((index, i) => {
    const place = { dx: offset(), dy: offset(), mirrored: random() < 0.5 };
    copyImage(data.images, index, place, batch.pixels, i);
    batch.labels[i] = data.labels[index];
  });
  return normalised(batch, mean, deviation);
}

/** Images `begin` to `end` of a data set as they are. */
export function testBatch(data, begin, end, { mean, deviation }) {
  const batch = emptyBatch(end - begin);
  batch.pixels.set(data.images.subarray(begin * IMAGE_LENGTH, end * IMAGE_LENGTH));
  batch.labels.set(data.labels.subarray(begin, end));
  return normalised(batch, mean, deviation);
}

/** How many of a batch's predictions are right. */
export function countRight(predicted, labels) {
  return labels.reduce((right, label, i) => right + (predicted[i] === label ? 1 : 0), 0);
}

function emptyBatch(size) {
  return { size, pixels: new Float32Array(size * IMAGE_LENGTH), labels: new Int32Array(size) };
}

function copyImage(images, index, { dx, dy, mirrored }, pixels, place) {
  for (let y = 0; y < SIDE; y++) {
    const fromY = y + dy;
    if (fromY < 0 || fromY >= SIDE) continue;
    for (let x = 0; x < SIDE; x++) {
      const fromX = (mirrored ? SIDE - 1 - x : x) + dx;
      if (fromX < 0 || fromX >= SIDE) continue;
      pixels[place * IMAGE_LENGTH + y * SIDE + x] = images[index * IMAGE_LENGTH + fromY * SIDE + fromX];
    }
  }
}

function normalised(batch, mean, deviation) {
  const { pixels } = batch;
  for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i] / 255 - mean) / deviation;
  return batch;
}

/** A network's options for these images. */
export function networkOptions({ widths, depth, seed }) {
  return { channels: 1, classes: CLASSES, widths, depth, seed };
}
