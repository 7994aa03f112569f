// Philox 4x32-10 (Salmon et al., SC 2011): four random words as a function of a counter and a key.
// src/tensor/philox.ts computes the same words on the host.
fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let product0 = multiply_wide(0xd2511f53u, c.x);
    let product1 = multiply_wide(0xcd9e8d57u, c.z);
    c = vec4<u32>(product1.y ^ c.y ^ k.x, product1.x, product0.y ^ c.w ^ k.y, product0.x);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// The 64-bit product of two words: (low, high).
fn multiply_wide(a: u32, b: u32) -> vec2<u32> {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let low = a_low * b_low;
  let middle = a_high * b_low + (low >> 16u);
  let middle2 = a_low * b_high + (middle & 0xffffu);
  return vec2<u32>(a * b, a_high * b_high + (middle >> 16u) + (middle2 >> 16u));
}

// A word as a number in [0, 1): its upper 24 bits, exact in f32.
fn uniform_from(word: u32) -> f32 {
  return f32(word >> 8u) * 5.9604644775390625e-8;
}
