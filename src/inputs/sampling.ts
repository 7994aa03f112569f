/**
 * The order in which an epoch shows its pictures: a pure function of seed and epoch, so that a run may go on inside one.
 *
 * `shuffled` shows every picture once. `balanced` is the class-aware sampling of Shen, Lin and Huang (Relay
 * Backpropagation, 2016): an epoch has as many pictures as before, and as many of each class, give or take one. A class
 * gives its pictures in random order, all of them before any comes again, and goes on in the next epoch where it stopped:
 * those of a rare class come up several times in an epoch, those of a frequent one in every few epochs. PyTorch's
 * WeightedRandomSampler with weights 1 / count draws with replacement and has the same expectation, but by chance leaves
 * classes short and shows some pictures of a class twice as often as others.
 */
import { permutation, purpose, seededRandom } from './random.js';
import { samplesByLabel } from './split.js';

export type Sampling = 'shuffled' | 'balanced';

export interface EpochOrderOptions {
  readonly sampling: Sampling;
  readonly seed: number;
  readonly epoch: number;
}

/** The index of each picture of an epoch, as many as there are labels. */
export function epochOrder(
  labels: ArrayLike<number>,
  { sampling, seed, epoch }: EpochOrderOptions,
): Uint32Array {
  const shuffled = permutation(labels.length, seededRandom(seed, purpose.shuffle, epoch));
  if (sampling === 'shuffled') return shuffled;
  const draws = balancedDraws(labels, seed, epoch);
  return shuffled.map((draw) => draws[draw]);
}

/**
 * Draw d of the whole run, counted over epochs, takes class d mod classes: the (d div classes)-th picture of its endless
 * sequence, which is one random order of its pictures after the other.
 */
function balancedDraws(labels: ArrayLike<number>, seed: number, epoch: number): Uint32Array {
  const classes = samplesByLabel(labels).map(([label, members]) => ({
    label,
    members,
    round: -1,
    order: new Uint32Array(0) as Uint32Array,
  }));
  return Uint32Array.from({ length: labels.length }, (_, i) => {
    const draw = epoch * labels.length + i;
    const drawn = classes[draw % classes.length];
    const turn = Math.floor(draw / classes.length);
    const size = drawn.members.length;
    const round = Math.floor(turn / size);
    if (round !== drawn.round) {
      drawn.round = round;
      drawn.order = permutation(size, seededRandom(seed, purpose.sampling, drawn.label, round));
    }
    return drawn.members[drawn.order[turn % size]];
  });
}
