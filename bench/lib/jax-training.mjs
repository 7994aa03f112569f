/**
 * A training step of networks.mjs's small network in jax-js: forward and gradients by its own differentiation, batch
 * norm with the batch's statistics, SGD with momentum, all of it one compiled function.
 */

const EPSILON = 1e-5;

/** { run(images, labels) }: the loss of a step whose update is made. `images` are NHWC, as attune takes them. */
export function jaxTraining(jax, weights, { shape, lr, momentum }) {
  const { jit, lax, nn, numpy: np, valueAndGrad } = jax;
  const names = [...weights.keys()].filter((name) => !name.includes('running_'));
  const classes = weights.get('fc.bias').shape[0];

  const convolution = (x, w, stride) =>
    lax.convGeneralDilated(
      x,
      w,
      [stride, stride],
      [
        [1, 1],
        [1, 1],
      ],
    );
  const batchNorm = (x, gamma, beta) => {
    const over = [0, 2, 3];
    const mean = np.mean(x.ref, over, { keepdims: true });
    const centred = np.subtract(x, mean);
    const variance = np.mean(np.square(centred.ref), over, { keepdims: true });
    const normalised = np.divide(centred, np.sqrt(np.add(variance, EPSILON)));
    const channels = (vector) => np.reshape(vector, [1, -1, 1, 1]);
    return np.add(np.multiply(normalised, channels(gamma)), channels(beta));
  };
  const lossOf = (parameters, images, hot) => {
    const get = (name) => parameters[names.indexOf(name)].ref;
    const block = (x, i, stride) =>
      nn.relu(
        batchNorm(convolution(x, get(`conv${i}.weight`), stride), get(`bn${i}.weight`), get(`bn${i}.bias`)),
      );
    const x = block(block(np.transpose(images, [0, 3, 1, 2]), 1, 1), 2, 2);
    const features = np.mean(x, [2, 3]);
    const logits = np.add(np.matmul(features, np.transpose(get('fc.weight'))), get('fc.bias'));
    const losses = np.sum(np.multiply(nn.logSoftmax(logits, -1), hot), -1);
    return np.negative(np.mean(losses));
  };
  const step = jit((parameters, velocities, images, hot) => {
    const [loss, gradients] = valueAndGrad(lossOf)(
      parameters.map((p) => p.ref),
      images,
      hot,
    );
    const moved = velocities.map((v, i) => np.add(np.multiply(v, momentum), gradients[i]));
    const updated = parameters.map((p, i) => np.subtract(p, np.multiply(moved[i].ref, lr)));
    return [loss, updated, moved];
  });

  let parameters = names.map((name) => np.array(weights.get(name).data, { shape: weights.get(name).shape }));
  let velocities = names.map((name) => np.zeros(weights.get(name).shape));
  return {
    async run(images, labels) {
      const hot = new Float32Array(labels.length * classes);
      for (const [i, label] of labels.entries()) hot[i * classes + label] = 1;
      const inputs = [np.array(images, { shape }), np.array(hot, { shape: [labels.length, classes] })];
      const [loss, updated, moved] = step(parameters, velocities, ...inputs);
      [parameters, velocities] = [updated, moved];
      await jax.blockUntilReady([updated.map((p) => p.ref), moved.map((v) => v.ref)]);
      return loss.data();
    },
  };
}
