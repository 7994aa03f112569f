/** Memory of a step of a Transformer's layer grows with the length of its sequences, and not with the square of it. */
import { backward, Initializer, square, sum, tensor, TransformerEncoderLayer } from '#src/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cpuDevice } from '../ops/support.js';

const CHANNELS = 512;

/** Bytes of a step's slots, forward and backward. */
async function peakOf(length: number): Promise<number> {
  const device = await cpuDevice('float32');
  const layer = new TransformerEncoderLayer(CHANNELS, 8, { dropout: 0 }, new Initializer(1));
  await layer.to(device);
  const values = Float32Array.from({ length: length * CHANNELS }, (_, i) => Math.sin(i));
  await device.run(() => backward(sum(square(layer.forward(tensor(values, [1, length, CHANNELS]))))));
  layer.close();
  return device.lastProgram.peakBytes;
}

test('a step of a layer takes at most four times the memory at 4,096 places that it does at 1,024', async () => {
  const [short, long] = [await peakOf(1024), await peakOf(4096)];
  console.log(`# ${long} bytes, ${(long / short).toFixed(2)} times ${short}`);
  assert.ok(long <= 4 * short);
});

test.run();
