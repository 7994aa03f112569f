/**
 * The article's Keras listing (section 5.2), line by line: MobileNetV2 with ImageNet weights and without its top, a new
 * one, trained with everything else frozen; then the layers from the hundredth on, at a lower rate.
 *
 * `node dist/examples/article-mobilenetv2.js photos/` runs it. What the listing leaves open is TensorFlow's tutorial of
 * transfer learning: images of 160 pixels, batches of 32, rates 1e-4 and 1e-5, ten epochs each, flips.
 */
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import {
  adam,
  crossEntropy,
  Dropout,
  type FitHistory,
  findModel,
  fit,
  freeze,
  GlobalAveragePool,
  generator,
  imageFolder,
  kerasMobilenetV2,
  linear,
  loadWeights,
  open,
  prepareTraining,
  resolveWeights,
  Softmax,
  sequential,
  startLayer,
  type Tensor,
  trunkOf,
  unfreeze,
} from '../index.js';

export interface ArticleOptions {
  /** Default: Keras's ImageNet weights from the catalogue; null: random values. */
  readonly weights?: string | null;
  readonly initialEpochs?: number;
  readonly fineTuneEpochs?: number;
  readonly batchSize?: number;
  /** Side of the network's input. */
  readonly side?: number;
  readonly device?: 'auto' | 'webgpu' | 'cpu';
}

/** Keras's Adam: epsilon stands before the bias correction. */
const KERAS_ADAM = { epsilon: 1e-7, epsilonPlacement: 'hat' } as const;

/** Fine-tunes MobileNetV2 on a folder with train/ and val/ inside; gives the history of both calls of `fit`. */
export async function articleMobilenetV2(
  data: string,
  options: ArticleOptions = {},
): Promise<{ readonly history: FitHistory; readonly historyFine: FitHistory }> {
  const { weights = 'mobilenet_v2-keras', initialEpochs = 10, fineTuneEpochs = 10 } = options;
  const { batchSize = 32, side = 160, device: kind = 'auto' } = options;
  const baseLearningRate = 1e-4;
  const fineTuneLearningRate = 1e-5;
  const fineTuneAt = 100;

  // base_model = tf.keras.applications.MobileNetV2(include_top=False, weights='imagenet')
  const network = kerasMobilenetV2();
  if (weights !== null) await loadWeights(network, (await resolveWeights(weights)).path);
  const baseModel = trunkOf(network);

  const folder = await imageFolder(data);
  const images = await prepareTraining(folder, {
    ...{ side, batchSize, augmentation: { kind: 'flip' } },
    normalization: findModel('mobilenet_v2-keras').preprocessing,
  });

  // model = tf.keras.Sequential([
  const model = sequential(
    baseModel,
    new GlobalAveragePool(), // tf.keras.layers.GlobalAveragePooling2D(),
    new Dropout(0.2), // tf.keras.layers.Dropout(0.2),
    linear(network.head.inputs, folder.classes.length), // tf.keras.layers.Dense(num_classes, activation='softmax')
    new Softmax(),
  );

  // base_model.trainable = False
  await freeze(baseModel);

  const device = await open(kind);
  await model.to(device);
  const random = generator(42);
  // loss='categorical_crossentropy'
  const loss = (outputs: Tensor, labels: Tensor) => crossEntropy(outputs, labels, { fromLogits: false });

  // model.compile(optimizer=tf.keras.optimizers.Adam(lr=base_learning_rate), ...)
  const first = adam(model.memory, { lr: baseLearningRate, ...KERAS_ADAM });
  // history = model.fit(train_dataset, epochs=initial_epochs, validation_data=validation_dataset)
  const history = await fit(model, images, { optimizer: first, epochs: initialEpochs, loss, random });
  first.close();

  // base_model.trainable = True
  await unfreeze(baseModel);
  // for layer in base_model.layers[:fine_tune_at]: layer.trainable = False
  await freeze(baseModel, startLayer(network, fineTuneAt));

  // model.compile(optimizer=tf.keras.optimizers.Adam(lr=fine_tune_learning_rate), ...)
  const second = adam(model.memory, { lr: fineTuneLearningRate, ...KERAS_ADAM });
  // history_fine = model.fit(train_dataset, epochs=fine_tune_epochs, validation_data=validation_dataset)
  const historyFine = await fit(model, images, {
    ...{ optimizer: second, epochs: fineTuneEpochs, loss, random },
    initialEpoch: initialEpochs,
  });
  second.close();

  await images.close();
  await device.close();
  return { history, historyFine };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { history, historyFine } = await articleMobilenetV2(argv[2]);
  const accuracies = [...history.valAccuracy, ...historyFine.valAccuracy];
  for (const [i, accuracy] of accuracies.entries()) {
    console.log(`epoch ${i + 1}: validation accuracy ${(100 * accuracy).toFixed(1)} %`);
  }
}
