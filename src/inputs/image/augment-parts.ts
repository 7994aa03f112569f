/**
 * The words of `--augment`: how training varies what it sees of an image.
 *
 * Three say which part of the image it is, and one of them is in every list: `none`, `flip` and `standard` (augment.ts),
 * done by the threads that read images. The others are steps on the device, one after another in the order in which
 * they are given, each drawn for every image anew: a part is an entry of `PARTS`, and nothing else.
 *
 * The random numbers are a function of seed, epoch and the image's place in the data set. There is no state, so sizes of
 * micro-batches, threads and a resumed run change nothing.
 */
import { AttuneError } from '../../errors.js';
import { nearest } from '../../nearest.js';
import { affineMatrix } from '../../ops/image/image-affine.js';
import type { ImageTransform } from '../../ops/image/image-transform.js';
import { drawChoice, MAGNITUDES, randAugmentChoices, TRIVIAL_CHOICES } from './image-policies.js';
import { permutation, purpose, type Random, type Sample, seededRandom } from '../random.js';

/** A Gaussian blur of `size` x `size`; deviation 0 is none. */
export interface BlurStep {
  readonly kind: 'blur';
  readonly size: number;
  readonly sigma: number;
}

/** What one image goes through on the device at one place in the order. */
export type ImageStep = ImageTransform | BlurStep;

/** How a part is made; its name is its key in `PARTS`. */
interface Part {
  /** What it does, for --help. */
  readonly help: string;
  /** What a number behind the name sets: `rotate=30`. Absent: the name takes none. */
  readonly setting?: { readonly what: string; readonly most: number; readonly usual: number };
  /** An image's steps: always as many, and a blur always at the same place. */
  draw(random: Random, side: number, setting: number): readonly ImageStep[];
}

const IDENTITY: ImageTransform = { kind: 'identity' };
/** How many transforms RandAugment does, one after the other. */
const RAND_AUGMENT_STEPS = 2;
const BLUR_PROBABILITY = 0.5;

export const PARTS = {
  rotate: {
    help: 'turns by up to 15 degrees either way',
    setting: { what: 'degrees', most: 180, usual: 15 },
    draw: (random, _, most) => {
      const matrix = affineMatrix({ angle: between(random, -most, most) });
      return [{ kind: 'affine', matrix, interpolation: 'bilinear' }];
    },
  },
  // torchvision's ColorJitter(s, s, s, s / 4), with MoCo's strengths: the four in an order of their own each time.
  'color-jitter': {
    help: 'changes brightness, contrast and saturation by up to 0.4 of them and the hue by a quarter of that',
    setting: { what: 'strength', most: 1, usual: 0.4 },
    draw(random, _, strength) {
      const factor = () => between(random, 1 - strength, 1 + strength);
      const steps: ImageTransform[] = [
        { kind: 'brightness', factor: factor() },
        { kind: 'contrast', factor: factor() },
        { kind: 'saturation', factor: factor() },
        { kind: 'hue', shift: between(random, -strength / 4, strength / 4) },
      ];
      return Array.from(permutation(steps.length, random), (i) => steps[i]);
    },
  },
  grayscale: {
    help: 'takes the colour from 1 image in 10',
    setting: { what: 'probability', most: 1, usual: 0.1 },
    draw: (random, _, probability) => [
      random.uniform() < probability ? { kind: 'saturation', factor: 0 } : IDENTITY,
    ],
  },
  // SimCLR's: of a tenth of the side, a deviation of 0.1 to 2 pixels.
  blur: {
    help: 'blurs 1 image in 2, by a Gaussian of up to 2 pixels',
    setting: { what: 'probability', most: 1, usual: BLUR_PROBABILITY },
    draw(random, side, probability) {
      const isBlurred = random.uniform() < probability;
      const size = 2 * Math.floor(side / 20) + 1;
      return [{ kind: 'blur', size, sigma: isBlurred ? between(random, 0.1, 2) : 0 }];
    },
  },
  'rand-augment': {
    help: 'RandAugment: 2 of 14 transforms, all of magnitude 9 of 30',
    setting: { what: 'magnitude', most: MAGNITUDES - 1, usual: 9 },
    draw(random, side, magnitude) {
      const choices = randAugmentChoices(side);
      return Array.from({ length: RAND_AUGMENT_STEPS }, () => drawChoice(choices, random, side, magnitude));
    },
  },
  'trivial-augment': {
    help: 'TrivialAugment: 1 of 14 transforms, of any magnitude',
    draw: (random, side) => [drawChoice(TRIVIAL_CHOICES, random, side)],
  },
} satisfies Readonly<Record<string, Part>>;

export type PartName = keyof typeof PARTS;

const partOf = (name: PartName): Part => PARTS[name];

export const VIEWS = ['none', 'flip', 'standard'] as const;
export type View = (typeof VIEWS)[number];

/** A part with its number. */
export interface AugmentPart {
  readonly name: PartName;
  readonly setting: number;
}

/** How training varies its pictures: what the threads that read them do, and then the device. */
export type Augmentation = (
  | { readonly kind: 'none' }
  | { readonly kind: 'flip' }
  | {
      readonly kind: 'standard';
      /** Least and largest share of the picture's area that a crop takes, above 0, at most 1. */
      readonly scale: readonly [number, number];
    }
) & {
  /** What the device does to the picture after that, in this order; default nothing. */
  readonly parts?: readonly AugmentPart[];
};

/** What `--augment` says. */
export interface AugmentList {
  readonly view: View;
  readonly parts: readonly AugmentPart[];
}

/** What a list means for training; `cropScale` is the least share of a picture that a crop of `standard` takes. */
export function augmentationOf(text: string, cropScale: number): Augmentation {
  const { view, parts } = parseAugment(text);
  return view === 'standard' ? { kind: view, scale: [cropScale, 1], parts } : { kind: view, parts };
}

/**
 * Reads a list such as `standard,rotate=30,color-jitter`. Without one of the three views it is `standard`.
 *
 * @param ours what other programs' words are called here, for the hint of the error
 * @throws AttuneError 'usage' naming the word that is none, and the nearest one
 */
export function parseAugment(
  text: string,
  ours: (word: string) => string | undefined = () => undefined,
): AugmentList {
  const words = text.split(',').map((word) => word.trim());
  const views = words.filter((word): word is View => (VIEWS as readonly string[]).includes(word));
  if (views.length > 1)
    throw wrong(`${views[0]} and ${views[1]} exclude each other`, 'leave one of them out');
  const parts = words
    .filter((word) => !(views as string[]).includes(word))
    .map((word) => parsePart(word, ours));
  const twice = parts.find(({ name }, i) => parts.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) throw wrong(`${twice.name} is named twice`, 'leave one of them out');
  return { view: views[0] ?? 'standard', parts };
}

function parsePart(word: string, ours: (word: string) => string | undefined): AugmentPart {
  const [name, value, ...more] = word.split('=');
  const names = [...VIEWS, ...Object.keys(PARTS)];
  if (!(Object.hasOwn(PARTS, name) && more.length === 0)) {
    const guess = ours(name) ?? nearest(name, names);
    const hint = `${guess === undefined ? '' : `did you mean ${guess}? `}the choices are ${names.join(', ')}`;
    throw wrong(`${JSON.stringify(word)} is no kind of augmentation`, hint);
  }
  const { setting } = partOf(name as PartName);
  if (value === undefined) return { name: name as PartName, setting: setting?.usual ?? 0 };
  if (setting === undefined) throw wrong(`${name} takes no number`, `write ${name}`);
  const number = Number(value);
  const isRight = value !== '' && number > 0 && number <= setting.most;
  if (!isRight || (setting.what === 'magnitude' && !Number.isInteger(number))) {
    throw wrong(
      `${JSON.stringify(value)} is no ${setting.what} of ${name}`,
      `give one above 0 and at most ${setting.most}, as in ${name}=${setting.usual}`,
    );
  }
  return { name: name as PartName, setting: number };
}

function wrong(what: string, hint: string): AttuneError {
  return new AttuneError({ code: 'usage', what, where: '--augment', hint });
}

/** The steps of one image of `side` x `side` in one epoch. The i-th steps of all images are all blurs, or none is. */
export function drawSteps(
  parts: readonly AugmentPart[],
  side: number,
  { seed, epoch, index }: Sample,
): readonly ImageStep[] {
  if (parts.length === 0) return [];
  const random = seededRandom(seed, purpose.transforms, epoch, index);
  return parts.flatMap(({ name, setting }) => partOf(name).draw(random, side, setting));
}

function between({ uniform }: Random, low: number, high: number): number {
  return low + uniform() * (high - low);
}
