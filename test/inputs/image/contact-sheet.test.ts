/** A sheet of pictures: where they are, and that labels are drawn and cut off. */
import { contactSheet, pictureGrid } from '#src/inputs/image/contact-sheet';
import { isSet, LETTER_HEIGHT, LETTER_WIDTH } from '#src/inputs/image/letters';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const tile = (value: number) => ({ width: 20, height: 10, pixels: new Uint8Array(600).fill(value) });

test('every picture is on the sheet once, in its row and column', () => {
  const rows = [
    { label: 'a', images: [tile(101), tile(102)] },
    { label: 'b', images: [tile(103), tile(104)] },
  ];
  const sheet = contactSheet(['one', 'two'], rows);
  assert.is(sheet.pixels.length, sheet.width * sheet.height * 3);
  const places = [101, 102, 103, 104].map((value) => {
    const found = [...sheet.pixels.keys()].filter((i) => sheet.pixels[i] === value);
    assert.is(found.length, 600, `${value}`);
    const first = found[0] / 3;
    return [first % sheet.width, Math.floor(first / sheet.width)];
  });
  const [[left, top], [right, sameTop], [sameLeft, bottom], last] = places;
  assert.ok(right >= left + 20 && bottom >= top + 10);
  assert.equal([sameTop, sameLeft, last], [top, left, [right, bottom]]);
});

test('labels are drawn, and cut off where the sheet ends', () => {
  const sheet = (label: string) => contactSheet([''], [{ label, images: [tile(0)] }]);
  const lit = (label: string) => sheet(label).pixels.filter((value) => value === 200).length;
  assert.is(lit(''), 0);
  const letter = [...'x'].flatMap((of) =>
    Array.from({ length: LETTER_WIDTH * LETTER_HEIGHT }, (_, at) =>
      isSet(of, at % LETTER_WIDTH, Math.floor(at / LETTER_WIDTH)),
    ),
  );
  // Red and green of a dot are the same, and a dot is 2 x 2 pixels.
  assert.is(lit('x'), letter.filter(Boolean).length * 4 * 2);
  assert.is(lit('xx'), 2 * lit('x'));
  assert.is(lit('xxxxxxxx'), lit('xx'), 'two letters fit into 20 pixels');
  assert.is(lit('\u4e2d\u{1f600}'), 0, 'what there are no pixels for is a gap');
});

test('a grid has each picture under its own label, and as many columns as it needs', () => {
  const pictures = [101, 102, 103].map((value) => ({ label: 'xx', image: tile(value) }));
  const grid = pictureGrid(pictures, 2);
  const placeOf = (value: number) => {
    const first = grid.pixels.indexOf(value) / 3;
    return [first % grid.width, Math.floor(first / grid.width)];
  };
  const [[left, top], [right, sameTop], [sameLeft, bottom]] = [101, 102, 103].map(placeOf);
  assert.ok(right >= left + 20 && bottom >= top + 10);
  assert.equal([sameTop, sameLeft], [top, left]);
  assert.is(pictureGrid(pictures.slice(0, 1), 2).width, left + 20 + left);
  const lit = (labels: readonly string[]) =>
    pictureGrid(
      labels.map((label) => ({ label, image: tile(0) })),
      2,
    ).pixels.filter((value) => value === 200).length;
  assert.is(lit(['x', 'x', 'x']), 3 * lit(['x']));
  assert.is(lit(['xxxxxxxx']), lit(['xx']), 'two letters fit into 20 pixels');
});

test.run();
