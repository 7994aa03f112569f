/**
 * Which WebAssembly SIMD instructions this JavaScript engine knows, asked by validating the smallest module
 * that uses one: a function () -> v128 whose body is listed here.
 */

/** i32.const 0; i8x16.splat */
const SIMD_BODY = [0x41, 0x00, 0xfd, 0x0f];
/** Three times i32.const 0; i8x16.splat; then f32x4.relaxed_madd */
const RELAXED_BODY = [...SIMD_BODY, ...SIMD_BODY, ...SIMD_BODY, 0xfd, 0x85, 0x02];

export function hasSimd(): boolean {
  return WebAssembly.validate(moduleReturningVector(SIMD_BODY));
}

export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(moduleReturningVector(RELAXED_BODY));
}

function moduleReturningVector(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const code = [0x00, ...body, 0x0b]; // no locals, the body, end
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic number and version 1
    ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // types: one, () -> v128
    ...[0x03, 0x02, 0x01, 0x00], // functions: one, of type 0
    ...[0x0a, code.length + 2, 0x01, code.length, ...code], // code: one body
  ]);
}
