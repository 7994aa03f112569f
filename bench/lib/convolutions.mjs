/** The work that the kernel benchmarks time. */
import { blocksOf, mobilenetNetworks } from './networks.mjs';

/**
 * The distinct convolutions of ResNet50 (stride on the 3x3) for square images of `image` pixels, a multiple of
 * 32, with how often each occurs: { name, times, conv } where conv is the attributes of the convolution.
 */
export function resnet50Convolutions({ epilogue, batch = 1, image = 224 }) {
  const { add, all } = collector(batch, epilogue);
  add(image, 3, 64, 7, 2);
  let size = image / 4;
  let channels = 64;
  for (const [stage, blocks] of [3, 4, 6, 3].entries()) {
    const inner = 64 * 2 ** stage;
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      add(size, channels, inner, 1, 1);
      add(size, inner, inner, 3, stride);
      if (block === 0) add(size, channels, inner * 4, 1, stride);
      size /= stride;
      add(size, inner, inner * 4, 1, 1);
      channels = inner * 4;
    }
  }
  return all();
}

/** The same for the small ResNet (src/models/resnet-small.ts); `image` is a multiple of 4. */
export function resnetSmallConvolutions({ epilogue, batch = 32, image = 28, imageChannels = 1 }) {
  const { add, all } = collector(batch, epilogue);
  add(image, imageChannels, 16, 3, 1);
  let size = image;
  let channels = 16;
  for (const filters of [16, 32, 64]) {
    for (let block = 0; block < 3; block++) {
      const stride = filters > 16 && block === 0 ? 2 : 1;
      add(size, channels, filters, 3, stride);
      if (stride > 1) add(size, channels, filters, 1, stride);
      size /= stride;
      add(size, filters, filters, 3, 1);
      channels = filters;
    }
  }
  return all();
}

/** The same for MobileNetV2 at width 1; `image` is a multiple of 32. */
export function mobilenetConvolutions({ epilogue, batch = 1, image = 224 }) {
  const { add, all } = collector(batch, epilogue);
  add(image, 3, 32, 3, 2);
  let size = image / 2;
  for (const { inputs, hidden, outputs, stride } of blocksOf(mobilenetNetworks().at(-1).network)) {
    if (hidden !== inputs) add(size, inputs, hidden, 1, 1);
    add(size, hidden, hidden, 3, stride, hidden);
    size /= stride;
    add(size, hidden, outputs, 1, 1);
  }
  add(size, 320, 1280, 1, 1);
  return all();
}

/** Collects convolutions with padding that keeps the size, and counts those that are alike. */
function collector(batch, epilogue) {
  const counts = new Map();
  const add = (size, channels, filters, kernel, stride, groups = 1) => {
    const grouped = groups > 1 ? ' depthwise' : '';
    const name = `${kernel}x${kernel} /${stride} ${size}x${size}x${channels} -> ${filters}${grouped}`;
    const out = size / stride;
    const conv = {
      batch,
      height: size,
      width: size,
      channels,
      filters,
      kernelHeight: kernel,
      kernelWidth: kernel,
      outHeight: out,
      outWidth: out,
      strideHeight: stride,
      strideWidth: stride,
      padTop: kernel >> 1,
      padLeft: kernel >> 1,
      dilationHeight: 1,
      dilationWidth: 1,
      groups,
      epilogue,
    };
    counts.set(name, { name, times: (counts.get(name)?.times ?? 0) + 1, conv });
  };
  return { add, all: () => [...counts.values()] };
}
