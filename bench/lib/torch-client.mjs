/** PyTorch as an engine: the same questions as engine-client.mjs, answered by torch_engine.py in a Python process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPython } from '../parity/python.mjs';
import { LineProcess } from './line-process.mjs';
import { networkWeights, RESNET50 } from './networks.mjs';
import { classIndices, randomImages } from './random.mjs';
import { CLASSES, OPTIMIZER } from './resnet50-weights.mjs';

const PROGRAM = fileURLToPath(new URL('torch_engine.py', import.meta.url));

export class TorchClient {
  #process = new LineProcess('PyTorch', findPython(), [PROGRAM]);

  /**
   * Options as for EngineClient, and `format`: the memory format, 'contiguous' or 'channels_last'; `device`: 'cpu' or
   * 'cuda'; `precision`, with CUDA: 'float32', 'tf32' or 'amp'.
   */
  static async open({ task, network = RESNET50, seed, batch, side, threads, format, device, precision }) {
    const client = new TorchClient();
    const folder = mkdtempSync(join(tmpdir(), 'attune-bench-'));
    try {
      const tensors = [];
      const parts = [];
      for (const [name, { shape, data }] of networkWeights(network, seed)) {
        tensors.push([name, shape]);
        parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      }
      const write = (name, bytes) => {
        const path = join(folder, name);
        writeFileSync(path, bytes);
        return path;
      };
      const images = randomImages(seed + 1, batch, side, network.channels);
      const opened = await client.#process.ask({
        ...{ task, network, batch, side, threads, format, device, precision, tensors },
        classes: CLASSES,
        optimizer: OPTIMIZER,
        labels: [...classIndices(batch, CLASSES)],
        weights: write('weights', Buffer.concat(parts)),
        images: write('images', Buffer.from(images.buffer)),
      });
      return Object.assign(client, opened);
    } catch (error) {
      client.close();
      throw error;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** As EngineClient's: { milliseconds, cpuMilliseconds, values }. */
  async run() {
    const { values, ...times } = await this.#process.ask({});
    return { ...times, values: Float32Array.from(values) };
  }

  close() {
    this.#process.close();
  }
}
