/** The views of test-time augmentation against torchvision's crops. */
import { readFileSync } from 'node:fs';
import { TEST_VIEWS, testViews } from '#src/inputs/image/views';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertThrows } from '../../ops/support.js';
import { fixture, sha256 } from '../support.js';

const torchvision: { crops: [width: number, height: number, side: number, sha256: string][] } = JSON.parse(
  readFileSync(fixture('views.json'), 'utf8'),
);

/** As `image` of make-views-fixture.py. */
function picture(width: number, height: number) {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (((i + 1) * 7919) % 10007) % 256);
  return { width, height, pixels };
}

test('ten crops are those of torchvision, in its order, and five are the first of them', () => {
  for (const [width, height, side, expected] of torchvision.crops) {
    const image = picture(width, height);
    const ten = testViews(image, side, 'ten-crop');
    assert.ok(ten.every((view) => view.width === side && view.height === side));
    const bytes = Buffer.concat(ten.map(({ pixels }) => pixels));
    assert.is(sha256(bytes), expected, `${width} x ${height}, ${side}`);
    assert.equal(testViews(image, side, 'five-crop'), ten.slice(0, 5));
  }
});

test('flip is the middle and its mirror image, of a whole picture and of the crop alike', () => {
  const image = picture(40, 33);
  const [middle, mirror] = testViews(image, 32, 'flip');
  assert.equal(middle, testViews(image, 32, 'five-crop')[4]);
  assert.equal(testViews(middle, 32, 'flip'), [middle, mirror]);
  for (const [x, y] of [
    [0, 0],
    [5, 31],
  ]) {
    const [left, right] = [(y * 32 + x) * 3, (y * 32 + 31 - x) * 3];
    assert.equal([...mirror.pixels.subarray(left, left + 3)], [...middle.pixels.subarray(right, right + 3)]);
  }
  assert.equal(TEST_VIEWS, { flip: 2, 'five-crop': 5, 'ten-crop': 10 });
});

test('corners that are larger than the picture are refused', () =>
  assertThrows(
    () => testViews(picture(40, 20), 24, 'five-crop'),
    'usage',
    /^a picture of 40 x 20 pixels has no corners of 24 x 24 \(--tta\): use flip$/,
  ));

test('views that there are not are refused, also by a name that every object has', async () => {
  for (const [name, words] of [
    ['five-crops', /^there is no set of views five-crops \(testViews\): did you mean five-crop\?$/],
    ['constructor', /^there is no set of views constructor .*: there are flip, five-crop, ten-crop$/],
  ] as const)
    await assertThrows(() => testViews(picture(40, 40), 24, name as never), 'usage', words);
});

test.run();
