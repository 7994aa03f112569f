/** Weights files whose trunk is a network of ours and whose last layers are another's. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTorch } from '#src/formats/index';
import { kerasMobilenetV2, resnetSmall } from '#src/models/index';
import { BatchNorm2d, stateDict } from '#src/nn/index';
import { randomNumbers } from './support.js';

const NORM: Readonly<Record<string, string>> = {
  weight: 'gamma',
  bias: 'beta',
  running_mean: 'moving_mean',
  running_var: 'moving_variance',
};

/** Values of 8 bits: `min` to `min + 255 * scale`. */
interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly min: number;
  readonly scale: number;
}

/** Keras's MobileNetV2 without its top, and dense layers on it. */
function weightsOf(dense: Readonly<Record<string, readonly [inputs: number, outputs: number]>>): Weight[] {
  const model = kerasMobilenetV2({ classes: 1 });
  const trunk = [...model.namedArrays()]
    .filter(({ name }) => !name.startsWith('predictions.'))
    .map(({ name, owner, field, array: { shape } }): Weight => {
      const layer = name.slice(0, -field.length - 1);
      if (owner instanceof BatchNorm2d) {
        const min = field === 'weight' || field === 'running_var' ? 0.5 : -0.5;
        return { name: `${layer}/${NORM[field]}`, shape, min, scale: 1 / 255 };
      }
      const isDepthwise = layer.endsWith('depthwise');
      const reach = Math.sqrt(3 / shape.slice(0, 3).reduce((a, b) => a * b, 1));
      return {
        name: `${layer}/${isDepthwise ? 'depthwise_kernel' : 'kernel'}`,
        shape: isDepthwise ? [shape[0], shape[1], shape[3], 1] : shape,
        min: -reach,
        scale: (2 * reach) / 255,
      };
    });
  const head = Object.entries(dense).flatMap(([layer, [inputs, outputs]]): Weight[] => [
    { name: `${layer}/kernel`, shape: [inputs, outputs], min: -0.1, scale: 0.2 / 255 },
    { name: `${layer}/bias`, shape: [outputs], min: 0, scale: 0 },
  ]);
  return [...trunk, ...head];
}

/**
 * Writes a TensorFlow.js layers model of 8 bits, as npm's `nsfwjs` has one: Keras's MobileNetV2, and dense layers of its own.
 * Returns the path of its model.json.
 */
export function writeQuantised(
  folder: string,
  dense: Readonly<Record<string, readonly [inputs: number, outputs: number]>>,
): string {
  const weights = weightsOf(dense);
  const size = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const random = randomNumbers(7);
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = 256 * random();
  const described = weights.map(({ name, shape, min, scale }) => {
    return { name, shape, dtype: 'float32', quantization: { dtype: 'uint8', min, scale } };
  });
  const model = {
    modelTopology: { model_config: { class_name: 'Sequential', config: { name: 's', layers: [] } } },
    weightsManifest: [{ paths: ['group1-shard1of1'], weights: described }],
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'group1-shard1of1'), bytes);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(model));
  return join(folder, 'model.json');
}

/** The small ResNet with other layers in the place of its head, as PyTorch saves it: `fc.1.weight` is [outputs, inputs]. */
export async function writeOtherHead(
  path: string,
  head: Readonly<Record<string, readonly number[]>>,
): Promise<string> {
  const trunk = [...(await stateDict(resnetSmall({ classes: 1, seed: 3 }))).values()];
  const others = Object.entries(head).map(([name, shape]) => {
    return { name, dtype: 'F32' as const, shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
  });
  await writeTorch(path, [...trunk.filter(({ name }) => !name.startsWith('fc.')), ...others]);
  return path;
}
