/** Files of series for tests, as NumPy writes them. */

/** An NPY file of version 1.0 with this header and these numbers behind it. */
export function npyOf(header: string, data: Uint8Array, version: readonly [number, number] = [1, 0]): Buffer {
  const begin = version[0] === 1 ? 10 : 12;
  const padding = (64 - ((begin + header.length + 1) % 64)) % 64;
  const text = `${header}${' '.repeat(padding)}\n`;
  const head = Buffer.alloc(begin);
  head.set([0x93, ...Buffer.from('NUMPY'), ...version]);
  if (begin === 10) head.writeUInt16LE(text.length, 8);
  else head.writeUInt32LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text, 'latin1'), data]);
}

export function headerOf(descr: string, shape: string, fortran = 'False'): string {
  return `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
}

/** One channel of float32. */
export function floatsNpy(values: readonly number[]): Buffer {
  return npyOf(headerOf('<f4', `(${values.length},)`), new Uint8Array(Float32Array.from(values).buffer));
}
