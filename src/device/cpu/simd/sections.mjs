/** What a WebAssembly module consists of, for the build: sections by their numbers in the binary format. */

const HEADER_BYTES = 8;
export const DATA_SECTION = 11;

/**
 * The number and the content of each section of a module.
 * @param {Uint8Array} bytes
 */
export function* sectionsOf(bytes) {
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const id = bytes[at];
    let size = 0;
    let shift = 0;
    let byte;
    do {
      at++;
      byte = bytes[at];
      size += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte & 0x80);
    at++;
    yield { id, content: bytes.subarray(at, at + size) };
    at += size;
  }
}

/**
 * Throws when a module would write to its memory as it is instantiated: each thread does so while others compute in the
 * same memory. AssemblyScript makes data of strings, static arrays and memory.data().
 * @param {Uint8Array} bytes
 * @param {string} name of the module, for the error
 */
export function assertNoData(bytes, name) {
  for (const { id } of sectionsOf(bytes)) {
    if (id === DATA_SECTION)
      throw new Error(`${name} has a data section, which every thread would write to the shared memory`);
  }
}
