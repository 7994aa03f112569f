/** Every parser that is fuzzed. */

import { type FuzzTarget, TARGETS } from './fuzz.js';
import { JSON_TARGETS } from './fuzz-json.js';
import { KERAS_TARGETS } from './fuzz-keras.js';
import { NPZ_TARGETS } from './fuzz-npz.js';
import { ONNX_TARGETS } from './fuzz-onnx.js';

export const ALL_TARGETS: readonly FuzzTarget[] = [
  ...TARGETS,
  ...KERAS_TARGETS,
  ...JSON_TARGETS,
  ...NPZ_TARGETS,
  ...ONNX_TARGETS,
];
