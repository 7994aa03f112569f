/**
 * The two passes of resizing (resize.ts) by the WebAssembly module of simd/: the bytes of resize-plain.ts, about four
 * times as fast (bench/images.mjs). Its memory is small whatever the picture: the output is made in blocks of rows, each from as many input rows
 * as it needs. Rows at the seams are resized across twice.
 */
import { readFileSync } from 'node:fs';
import { AttuneError } from '../../errors.js';
import type { RgbImage } from '../picture.js';
import type { SampleWeights } from './sample-weights.js';

interface Module {
  readonly memory: WebAssembly.Memory;
  across(
    source: number,
    rowBytes: number,
    rows: number,
    starts: number,
    weights: number,
    pairs: number,
    width: number,
    out: number,
    outBytes: number,
  ): void;
  down(
    source: number,
    rowBytes: number,
    starts: number,
    weights: number,
    pairs: number,
    width: number,
    height: number,
    out: number,
  ): void;
}

/** Input bytes of a block; a block of one output row may need more. */
const BLOCK_BYTES = 4 * 2 ** 20;
/** What a vector reads or writes beyond the end of an array, at most. */
const BEYOND = 16;
const PAGE_BYTES = 65_536;

/** Weights as the module takes them: in pairs of taps, each split into its high and its low bits. */
interface PairedWeights {
  readonly pairs: number;
  /** Four for each pair. */
  readonly values: Int16Array;
}

/** The pixels of the outputs that the weights are for. `blockBytes` is for tests. */
export function resizeSimd(
  { width, pixels }: RgbImage,
  across: SampleWeights,
  down: SampleWeights,
  blockBytes: number = BLOCK_BYTES,
): Uint8Array {
  const module = loadModule();
  const [outWidth, outHeight] = [across.starts.length, down.starts.length];
  const rowBytes = width * 3;
  const outBytes = outWidth * 3;
  const [horizontal, vertical] = [paired(across), paired(down)];
  const result = new Uint8Array(outHeight * outBytes);
  for (let top = 0; top < outHeight; ) {
    const bottom = blockEnd(down, top, Math.floor(blockBytes / rowBytes));
    const firstRow = down.starts[top];
    const rows = down.starts[bottom - 1] + down.counts[bottom - 1] - firstRow;

    const layout = new Layout();
    const starts = layout.place(Uint32Array.from(across.starts, (start) => start * 3));
    const weights = layout.place(horizontal.values);
    const tops = layout.place(
      Uint32Array.from(down.starts.subarray(top, bottom), (start) => start - firstRow),
    );
    const rowWeights = layout.place(
      vertical.values.subarray(top * vertical.pairs * 4, bottom * vertical.pairs * 4),
    );
    const source = layout.place(pixels.subarray(firstRow * rowBytes, (firstRow + rows) * rowBytes));
    layout.skip(horizontal.pairs * 6);
    const middleBytes = roundUp(outBytes + 1);
    const middle = layout.skip((rows + 2 * vertical.pairs) * middleBytes);
    const out = layout.skip((bottom - top) * outBytes);

    layout.write(module.memory);
    module.across(source, rowBytes, rows, starts, weights, horizontal.pairs, outWidth, middle, middleBytes);
    module.down(middle, middleBytes, tops, rowWeights, vertical.pairs, outBytes, bottom - top, out);
    result.set(new Uint8Array(module.memory.buffer, out, (bottom - top) * outBytes), top * outBytes);
    top = bottom;
  }
  return result;
}

/** The end of a block of output rows that begins at `top` and reads at most `rows` input rows; one row at least. */
function blockEnd({ starts, counts }: SampleWeights, top: number, rows: number): number {
  let bottom = top + 1;
  while (bottom < starts.length && starts[bottom] + counts[bottom] - starts[top] <= rows) bottom++;
  return bottom;
}

function paired({ counts, weights, stride }: SampleWeights): PairedWeights {
  const pairs = Math.ceil(counts.reduce((most, count) => Math.max(most, count), 1) / 2);
  const values = new Int16Array(counts.length * pairs * 4);
  for (let out = 0; out < counts.length; out++) {
    for (let tap = 0; tap < counts[out]; tap++) {
      const weight = weights[out * stride + tap];
      const at = (out * pairs + (tap >> 1)) * 4 + (tap & 1);
      values[at] = weight >> 11;
      values[at + 2] = weight & 2047;
    }
  }
  return { pairs, values };
}

/** Arrays one after another in the module's memory. */
class Layout {
  readonly #arrays: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  #end = BEYOND;

  /** Takes room for an array, which `write` fills. Returns its address. */
  place({ buffer, byteOffset, byteLength }: Uint8Array | Uint32Array | Int16Array): number {
    const at = this.skip(byteLength);
    this.#arrays.push({ at, bytes: new Uint8Array(buffer, byteOffset, byteLength) });
    return at;
  }

  /** Takes room that the module fills. */
  skip(bytes: number): number {
    const at = this.#end;
    this.#end = roundUp(at + bytes) + BEYOND;
    return at;
  }

  write(memory: WebAssembly.Memory): void {
    const missing = Math.ceil((this.#end - memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) memory.grow(missing);
    const all = new Uint8Array(memory.buffer);
    for (const { at, bytes } of this.#arrays) all.set(bytes, at);
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / BEYOND) * BEYOND;
}

let loaded: Module | undefined;

/** The module of this thread. Throws AttuneError 'internal' where it is not built. */
function loadModule(): Module {
  if (loaded !== undefined) return loaded;
  const file = new URL('./simd/resize.wasm', import.meta.url);
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));
    loaded = exports as unknown as Module;
    return loaded;
  } catch (cause) {
    throw new AttuneError(
      {
        code: 'internal',
        what: 'the module that resizes images is not built or cannot be compiled',
        where: file.pathname,
        hint: 'run npm run build',
      },
      { cause },
    );
  }
}
