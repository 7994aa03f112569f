/** Augmentation on the device: the steps that were drawn for each image of a batch (augment-parts.ts). */
import { AttuneError } from '../../errors.js';
import { gaussianBlur, transformImages } from '../../ops/index.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import type { BlurStep, ImageStep } from './augment-parts.js';

/**
 * Records the steps of uint8 images [n, side, side, 3]; `steps[i]` are those of image i. Which they are is data, so
 * batches drawn from the same parts run by one plan.
 */
export function applySteps(images: Tensor, steps: readonly (readonly ImageStep[])[]): Tensor {
  const count = steps[0]?.length ?? 0;
  let result = images;
  for (let place = 0; place < count; place++) {
    const here = steps.map((own) => own[place]);
    if (here.every(isBlur)) {
      const sigmas = here.map(({ sigma }) => sigma);
      result = gaussianBlur(result, here[0].size, sigmas);
    } else if (here.every(isTransform)) result = transformImages(result, here);
    else {
      throw new AttuneError({
        code: 'internal',
        what: `step ${place} blurs some images of a batch and transforms others`,
        where: 'applySteps',
      });
    }
  }
  return result;
}

/** The same of bytes on the host: squares of `side` pixels, row-major, channels last. */
export function variedImages(
  bytes: Uint8Array,
  side: number,
  steps: readonly (readonly ImageStep[])[],
): Tensor {
  return applySteps(tensor(bytes, [bytes.length / (side * side * 3), side, side, 3], 'uint8'), steps);
}

const isBlur = (step: ImageStep): step is BlurStep => step.kind === 'blur';
const isTransform = (step: ImageStep): step is Exclude<ImageStep, BlurStep> => step.kind !== 'blur';
