/** Arenas: the layout of arrays in chunks, views, and memory given back. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { Arena, BLOCK, layOut } from '#src/tensor/arena';
import { sizeOf } from '#src/tensor/shape';
import { assertThrows } from '../ops/support.js';

const shape = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 3 });

test('arrays keep their order, start at blocks, do not overlap, and straddle no chunk', () => {
  fc.assert(
    fc.property(fc.array(shape, { maxLength: 30 }), fc.integer({ min: 27, max: 60 }), (shapes, blocks) => {
      const limit = blocks * BLOCK;
      const { places, chunkLengths } = layOut(shapes, limit);
      assert.is(places.length, shapes.length);
      assert.ok(chunkLengths.every((length) => length > 0 && length <= limit && length % BLOCK === 0));
      let chunk = 0;
      let end = 0;
      places.forEach((place, i) => {
        assert.equal([place.shape, place.length], [shapes[i], sizeOf(shapes[i])]);
        if (place.chunk !== chunk) {
          assert.is(place.chunk, chunk + 1);
          assert.ok(end + Math.max(place.length, 1) > limit - BLOCK, 'a chunk is opened when it must be');
          [chunk, end] = [place.chunk, 0];
        }
        assert.is(place.offset % BLOCK, 0);
        assert.ok(place.offset >= end && place.offset - end < BLOCK, 'no gap of a whole block');
        end = place.offset + Math.max(place.length, 1);
        assert.ok(place.offset + place.length <= chunkLengths[place.chunk]);
      });
      assert.is(chunkLengths.length, places.length === 0 ? 0 : chunk + 1);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test('an array that no chunk can hold is refused with the limit', async () => {
  assert.equal(
    layOut([[64], [1], [64, 2]], 128).places.map(({ chunk, offset }) => [chunk, offset]),
    [
      [0, 0],
      [0, 64],
      [1, 0],
    ],
  );
  assert.is(layOut([[128], [0]], 128).places[1].chunk, 1, 'an empty array too has a block of its own');
  await assertThrows(
    () => layOut([[3, 50]], 128),
    'device',
    /array of 150 elements exceeds the 128 that this device can bind.*\[3, 50\]/,
  );
});

test('views read and write their array only, over chunks of any number', async () => {
  const device = await open('cpu', { precision: 'float64' });
  Object.defineProperty(device.backend, 'maxBindingBytes', { value: 8 * 200 });
  const arena = new Arena(device, [[70], [3, 2], [100], []]);
  assert.is(arena.chunks.length, 2);
  assert.is(arena.bytes, 8 * (128 + 64 + 128 + 64));
  const views = arena.places.map((_, i) => arena.view(i));
  for (const [i, view] of views.entries()) device.write(view, new Float64Array(view.length).fill(i + 1));
  for (const [i, view] of views.entries()) {
    assert.equal(view.shape, arena.places[i].shape);
    assert.ok((await device.read(view)).every((value) => value === i + 1));
  }
  const total = (await Promise.all(arena.chunks.map((chunk) => device.read(chunk)))).flatMap((chunk) => [
    ...chunk,
  ]);
  assert.is(
    total.reduce((sum, value) => sum + value, 0),
    70 + 12 + 300 + 4,
    'padding is zero',
  );
  const twin = arena.like();
  assert.equal(twin.places, arena.places);
  assert.ok((await device.read(twin.chunks[0])).every((value) => value === 0));
  arena.close();
  twin.close();
  assert.is(device.counters.liveBytes, 0);
  await device.close();
});

test.run();
