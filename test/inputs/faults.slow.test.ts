/** The slow share: processes killed while they write the cache, and thousands of mutated images. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { decodeImage } from '#src/inputs/image/decode';
import { seededRandom } from '#src/inputs/random';
import { openRecordStore } from '#src/inputs/record-store';
import { AttuneError } from '#src/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expected, fixtureBytes, inScratch } from './support.js';

const kills = 200;
const mutationsPerPicture = 250;
const keyOf = (i: number) => i.toString(16).padStart(64, '0');

/** Writes records without end, in small shards; record i is 3,000 bytes of i. */
const writer = (folder: string) => `
  import { openRecordStore } from ${JSON.stringify(new URL('../../../dist/inputs/record-store.js', import.meta.url).href)};
  const store = await openRecordStore(${JSON.stringify(folder)}, { shardBytes: 20_000 });
  const first = store.size;
  process.stdout.write('ready');
  for (let i = first; ; i++) await store.put(i.toString(16).padStart(64, '0'), new Uint8Array(3000).fill(i));`;

test(`${kills} processes killed while writing: no record is lost once it was there, none is wrong`, () =>
  inScratch(async (folder) => {
    const random = seededRandom(1);
    let known = 0;
    for (let kill = 0; kill < kills; kill++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', writer(folder)]);
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, random.below(25)));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const store = await openRecordStore(folder);
      assert.ok(store.size >= known, `${store.size} records after ${known}`);
      for (let i = known; i < store.size; i++) {
        assert.equal(await store.get(keyOf(i)), new Uint8Array(3000).fill(i), `record ${i}`);
      }
      known = store.size;
    }
    assert.ok(known > kills, `${known} records were written`);
  }));

test('mutated images decode or fail with their name, and never in another way', async () => {
  const random = seededRandom(2);
  let [decoded, refused] = [0, 0];
  for (const name of Object.keys(expected.decode)) {
    const original = fixtureBytes(name);
    for (let round = 0; round < mutationsPerPicture; round++) {
      const bytes = Buffer.from(original);
      for (let flips = 1 + random.below(4); flips > 0; flips--) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      try {
        const { width, height, pixels } = await decodeImage(bytes, name);
        assert.is(pixels.length, width * height * 3);
        decoded++;
      } catch (error) {
        assert.instance(error, AttuneError, `${name}: ${error}`);
        assert.equal([(error as AttuneError).code, (error as AttuneError).where], ['input', name]);
        refused++;
      }
    }
  }
  console.log(`${decoded} decoded, ${refused} refused`);
  assert.ok(decoded > 1000 && refused > 1000);
});

test.run();
