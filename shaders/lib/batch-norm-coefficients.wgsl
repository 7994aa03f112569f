// From a channel's sums s of dy and p of dy (x - mean), n = rows, inverse = 1 / sqrt(variance + epsilon):
//   dbeta = s,  dgamma = p inverse,  and dx = a dy + b (x - mean) + c with
//   a = gamma inverse,  b = -a inverse^2 p / n,  c = -a s / n;   coefficients [4, channels] = a, b, c, mean.
// With `fixed` statistics b = c = 0.
struct Constants {
  rows: u32,
  channels: u32,
  slices: u32,
  epsilon: f32,
  fixed: u32,
}

@group(0) @binding(0) var<storage, read> partials: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<Element>;
@group(0) @binding(2) var<storage, read> mean: array<Element>;
@group(0) @binding(3) var<storage, read> variance: array<Element>;
@group(0) @binding(4) var<storage, read_write> dgamma: array<Element>;
@group(0) @binding(5) var<storage, read_write> dbeta: array<Element>;
@group(0) @binding(6) var<storage, read_write> coefficients: array<f32>;
@group(0) @binding(7) var<uniform> constants: Constants;

fn store_gradients(channel: u32, sum: f32, product: f32) {
  let channels = constants.channels;
  let n = f32(constants.rows);
  let inverse = 1.0 / sqrt(f32(variance[channel]) + constants.epsilon);
  let a = f32(gamma[channel]) * inverse;
  dgamma[channel] = Element(product * inverse);
  dbeta[channel] = Element(sum);
  coefficients[channel] = a;
  let moving = select(1.0, 0.0, constants.fixed == 1u);
  coefficients[channels + channel] = -moving * a * inverse * inverse * product / n;
  coefficients[2u * channels + channel] = -moving * a * sum / n;
  coefficients[3u * channels + channel] = f32(mean[channel]);
}
