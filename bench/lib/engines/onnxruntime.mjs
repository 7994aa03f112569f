/**
 * onnxruntime on the processor, for inference: the network as attune exports it, with the same weights. It is installed
 * with the other programs that read exports, in bench/exports.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeOnnx } from '../../../dist/formats/index.js';
import { graphOf, onnxModel } from '../../../dist/models/index.js';
import { loadStateDict } from '../../../dist/nn/index.js';
import { attuneNetwork } from '../attune-networks.mjs';
import { permuted } from '../operations.mjs';
import { stateEntries } from '../resnet50-weights.mjs';

const requireExports = createRequire(new URL('../../exports/package.json', import.meta.url));

/** Opens the network on so many threads. Its images are brought into its order once: that takes no part of the times. */
export async function openOnnxruntime({ network, weights, batch, side, threads }) {
  const { InferenceSession, Tensor } = requireExports('onnxruntime-node');
  const { version } = requireExports('onnxruntime-node/package.json');
  const model = attuneNetwork(network);
  await loadStateDict(model, stateEntries(weights()));
  const folder = await mkdtemp(join(tmpdir(), 'attune-bench-'));
  const path = join(folder, 'model.onnx');
  await writeOnnx(
    path,
    onnxModel(await graphOf(model, side), { name: network.kind, input: 'images', metadata: {} }),
  );
  const session = await InferenceSession.create(path, { intraOpNumThreads: threads, interOpNumThreads: 1 });
  await rm(folder, { recursive: true });
  const name = cpus()[0].model.trim();
  let input;
  return {
    name: `onnxruntime ${version}`,
    adapter: name,
    setting: `${name} (${threads === 1 ? 'one thread' : `${threads} threads`})`,
    async run(images) {
      const shape = [batch, side, side, network.channels];
      input ??= new Tensor('float32', permuted(images, shape, [0, 3, 1, 2]), [
        ...[batch, network.channels, side, side],
      ]);
      return (await session.run({ images: input })).logits.data;
    },
  };
}
