/**
 * The mean of parts of an image, as many as are asked for (torch.nn.AdaptiveAvgPool2d): of n places and m parts, part i has the
 * places from floor(i n / m) to before ceil((i + 1) n / m). Parts share places where m does not divide n, and one place may be
 * several parts.
 *
 * Parts of one size are the windows of an average pool. Others are two products, along the height and along the width, with a
 * matrix that has 1 / size of part i in row i.
 */
import { shapeError, showShape } from '../../tensor/shape.js';
import { asTensor, type Tensor, type TensorLike, tensor } from '../../tensor/tensor.js';
import { pairOf, type Pair } from '../conv2d/window.js';
import { matmul } from '../product/matmul.js';
import { reshape } from '../shape/reshape.js';
import { averagePool2d } from './pool.js';

/**
 * x [batch, height, width, channels] to [batch, ...size, channels]; `size` is one number, or [height, width]. float32. Throws
 * AttuneError 'shape' for another rank, an image without places, and a size that is no whole number of at least 1.
 */
export function adaptiveAveragePool2d(x: TensorLike, size: number | Pair): Tensor {
  const image = asTensor(x);
  const parts = pairOf(size);
  const [batch, height, width, channels] = image.shape;
  if (image.shape.length !== 4 || height === 0 || width === 0) {
    throw shapeError(
      'adaptiveAveragePool2d',
      `images have shape ${showShape(image.shape)}; [batch, height, width, channels] is expected`,
      'reshape a single image to a batch of one',
    );
  }
  if (!parts.every((count) => Number.isInteger(count) && count >= 1)) {
    throw shapeError(
      'adaptiveAveragePool2d',
      `${showShape(parts)} are no numbers of parts`,
      'give whole numbers of at least 1',
    );
  }
  const [rows, columns] = parts;
  if (rows === height && columns === width) return image;
  if (height % rows === 0 && width % columns === 0)
    return averagePool2d(image, { kernel: [height / rows, width / columns] });
  const lines = reshape(image, [batch, height, width * channels]);
  const shorter = reshape(matmul(means(height, rows), lines), [batch, rows, width, channels]);
  return matmul(means(width, columns), shorter);
}

/** [parts, places]: which places a part is the mean of. */
function means(places: number, parts: number): Tensor {
  const shares = new Float64Array(parts * places);
  for (let part = 0; part < parts; part++) {
    const [from, end] = [Math.floor((part * places) / parts), Math.ceil(((part + 1) * places) / parts)];
    shares.fill(1 / (end - from), part * places + from, part * places + end);
  }
  return tensor(shares, [parts, places]);
}
