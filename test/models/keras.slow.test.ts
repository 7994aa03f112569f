/** Keras's ResNet50 computes what TensorFlow.js's layers compute; the rest is in keras.test.ts. */
import { kerasResnet50 } from '#src/models/keras-resnet50';
import { test } from 'uvu';
import { assertKerasOutputs } from './keras-suite.js';

test("ResNet50 computes what TensorFlow.js's layers compute, with its images in the usual order", () =>
  assertKerasOutputs(kerasResnet50(), 'ResNet50', { turned: true }));

test.run();
