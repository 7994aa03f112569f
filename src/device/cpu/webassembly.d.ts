/**
 * The part of the WebAssembly interface that the CPU device and the resizing of images use. TypeScript declares it
 * with the browser's DOM, which Node code should not see.
 */
declare namespace WebAssembly {
  class Memory {
    constructor(limits: { initial: number; maximum: number; shared: true });
    readonly buffer: ArrayBufferLike;
    /** Adds pages of 64 KiB; returns how many there were. Throws RangeError when they cannot be had. */
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
    readonly #compiled: unknown;
  }
  class Instance {
    constructor(module: Module, imports?: { env: { memory: Memory } });
    readonly exports: Readonly<Record<string, unknown>>;
  }
  function validate(bytes: Uint8Array): boolean;
}
