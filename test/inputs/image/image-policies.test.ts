/** RandAugment and TrivialAugment against torchvision 0.14: magnitudes, signs, and what each transform makes of an image. */
import { readFileSync } from 'node:fs';
import {
  drawChoice,
  MAGNITUDES,
  randAugmentChoices,
  TRIVIAL_CHOICES,
} from '#src/inputs/image/image-policies';
import { seededRandom } from '#src/inputs/random';
import { transformImages } from '#src/ops/image/transform-images';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertClose, cpuDevice } from '../../ops/support.js';

interface GoldenChoice {
  /** For images of 224 x 224. */
  readonly magnitudes: readonly number[];
  readonly signed: boolean;
  /** Number of the magnitude of `outputs`, which are those of an image of 9 x 9, and with the sign changed. */
  readonly magnitude: number;
  readonly outputs: readonly (readonly number[])[];
}

type GoldenChoices = Readonly<Record<string, GoldenChoice>>;

const golden: Readonly<Record<'rand-augment' | 'trivial-augment', GoldenChoices>> = JSON.parse(
  readFileSync(new URL('../../../../test/ops/golden/image-policies.json', import.meta.url), 'utf8'),
);

/** As `image_bytes` of make-transforms.py. */
const image = Uint8Array.from(
  { length: 9 * 9 * 3 },
  (_, i) => 20 + ((((i + 1) * 7919 + 3 * 1291) % 10007) % 211),
);

const policies = [
  ['rand-augment', randAugmentChoices(224), randAugmentChoices(9)],
  ['trivial-augment', TRIVIAL_CHOICES, TRIVIAL_CHOICES],
] as const;

for (const [name, choices, small] of policies) {
  test(`${name}: the transforms of torchvision, their magnitudes and signs`, () => {
    assert.equal(
      choices.map((choice) => choice.name),
      Object.keys(golden[name]),
    );
    for (const { name: kind, magnitudes, signed } of choices) {
      const expected = golden[name][kind];
      assert.is(signed, expected.signed, kind);
      assertClose(magnitudes, expected.magnitudes, { absolute: 0, relative: 2e-7 }, kind);
      // Translations are whole pixels: a last digit may not decide about one.
      assert.equal(magnitudes.map(Math.trunc), expected.magnitudes.map(Math.trunc), kind);
    }
  });

  test(`${name}: what each transform makes of an image`, async () => {
    const cases = small.flatMap(({ name: kind, magnitudes, transform }) => {
      const { magnitude, outputs } = golden[name][kind];
      const strength = magnitudes[magnitude] ?? 0;
      return outputs.map((output, i) => ({
        kind,
        output,
        step: transform(i === 0 ? strength : -strength, 9),
      }));
    });
    const images = Uint8Array.from(
      { length: cases.length * image.length },
      (_, i) => image[i % image.length],
    );
    const device = await cpuDevice('float32');
    const found = await device.run(() =>
      transformImages(
        tensor(images, [cases.length, 9, 9, 3]),
        cases.map(({ step }) => step),
      ),
    );
    cases.forEach(({ kind, output }, i) => {
      assert.equal([...found.subarray(i * image.length, (i + 1) * image.length)], [...output], kind);
    });
  });
}

test('choices, magnitudes and signs come up equally often', () => {
  const random = seededRandom(5);
  const draws = 40_000;
  const kinds = new Map<string, number>();
  const bits = new Map<number, number>();
  let brighter = 0;
  let darker = 0;
  for (let i = 0; i < draws; i++) {
    const step = drawChoice(TRIVIAL_CHOICES, random, 224);
    kinds.set(step.kind, (kinds.get(step.kind) ?? 0) + 1);
    if (step.kind === 'posterize') bits.set(step.bits, (bits.get(step.bits) ?? 0) + 1);
    if (step.kind === 'brightness') step.factor > 1 ? brighter++ : darker++;
  }
  const share = draws / TRIVIAL_CHOICES.length;
  const near = (count: number | undefined, expected: number, what: string) =>
    assert.ok(
      Math.abs((count ?? 0) - expected) < 5 * Math.sqrt(expected),
      `${what}: ${count}, not ${expected}`,
    );
  for (const kind of ['identity', 'brightness', 'contrast', 'sharpness', 'posterize', 'solarize', 'equalize'])
    near(kinds.get(kind), share, kind);
  near(kinds.get('affine'), 5 * share, 'affine');
  const expected = TRIVIAL_CHOICES.find(({ name }) => name === 'Posterize')!.magnitudes;
  for (const bit of new Set(expected))
    near(bits.get(bit), (share * expected.filter((own) => own === bit).length) / MAGNITUDES, `${bit} bits`);
  near(brighter, (share * 15) / 31, 'brighter');
  near(darker, (share * 16) / 31, 'darker, or as it is');
});

test.run();
