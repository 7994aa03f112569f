/**
 * So many bytes outside the shared memory, for a result. They hold anything: a large array costs as much to clear as to
 * fill.
 */
export function unclearedMemory(bytes: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
}
