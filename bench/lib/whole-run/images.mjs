/**
 * Images that a small network has to learn for some hundred steps, without a download: stripes in noise, the same on
 * every machine. A class is one of five directions and one of two distances between the stripes.
 */
import { uniformGenerator } from '../random.mjs';

const DIRECTIONS = 5;
/** Pixels from stripe to stripe. */
const PERIODS = [8, 5];
export const STRIPE_CLASSES = DIRECTIONS * PERIODS.length;

/** How much an image's stripes differ from its class's: in direction (radians) and in distance (a share of it). */
const TURN = 0.2;
const STRETCH = 0.15;
/** Of the stripes, and of the noise over them, out of 255. */
const LEAST_CONTRAST = 15;
const MOST_CONTRAST = 50;
const NOISE = 100;

/**
 * `count` grey images of `side` x `side` pixels, a byte each, with labels; image i has class i modulo the number of
 * classes. Other seeds give other images of the same classes.
 */
export function stripes(count, side, seed) {
  const random = uniformGenerator(seed);
  const around = (width) => width * (2 * random() - 1);
  const images = new Uint8Array(count * side * side);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % STRIPE_CLASSES);
  for (let i = 0, at = 0; i < count; i++) {
    const direction = ((labels[i] % DIRECTIONS) * Math.PI) / DIRECTIONS + around(TURN);
    const period = PERIODS[Math.floor(labels[i] / DIRECTIONS)] * (1 + around(STRETCH));
    const frequency = (2 * Math.PI) / period;
    const [across, down] = [frequency * Math.cos(direction), frequency * Math.sin(direction)];
    const phase = 2 * Math.PI * random();
    const contrast = LEAST_CONTRAST + (MOST_CONTRAST - LEAST_CONTRAST) * random();
    const light = 128 + around(30);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const value = light + contrast * Math.sin(x * across + y * down + phase) + around(NOISE);
        images[at++] = Math.max(0, Math.min(255, Math.round(value)));
      }
    }
  }
  return { count, images, labels };
}
