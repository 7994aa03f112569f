/**
 * The values of event files, as messages `Summary.Value` of TensorFlow's summary.proto; TensorBoard, and whoever imports
 * its files, shows them under their tags, grouped by what stands before the first slash. Scalars, images and histograms
 * are in the form that TensorBoard itself makes tensors of; texts and hyperparameters name the plugin that shows them.
 */
import {
  bytesField,
  doubleField,
  doublesField,
  type Encoded,
  floatField,
  integerField,
  message,
  messageField,
  stringField,
} from './protobuf-write.js';

/** Counts of values in buckets. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  /** The upper end of each bucket, ascending. */
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** The value of a hyperparameter. */
export type Hyperparameter = number | string | boolean;

/** A number, which is kept as a float32. */
export function scalar(tag: string, value: number): Encoded {
  return message(stringField(1, tag), floatField(2, value));
}

const RGB = 3;

/** A picture: the bytes of a PNG file of this size, without alpha. */
export function image(tag: string, width: number, height: number, png: Uint8Array): Encoded {
  const picture = [integerField(1, height), integerField(2, width), integerField(3, RGB), bytesField(4, png)];
  return message(stringField(1, tag), messageField(4, message(picture)));
}

export function histogram(tag: string, of: Histogram): Encoded {
  const numbers = [of.min, of.max, of.count, of.sum, of.sumOfSquares];
  const fields = numbers.map((value, i) => doubleField(i + 1, value));
  const buckets = [doublesField(6, of.limits), doublesField(7, of.counts)];
  return message(stringField(1, tag), messageField(5, message(fields, buckets)));
}

const DT_STRING = 7;

/** A text, which may use Markdown. */
export function text(tag: string, markdown: string): Encoded {
  const one = messageField(2, message(messageField(2, message(integerField(1, 1)))));
  const tensor = message(integerField(1, DT_STRING), one, stringField(8, markdown));
  return message(stringField(1, tag), messageField(8, tensor), pluginData('text', null));
}

/** What hyperparameters there are, of which kind, and the tags of the scalars that they are compared by. */
export function hyperparameterNames(
  hyperparameters: Readonly<Record<string, Hyperparameter>>,
  metrics: readonly string[],
): Encoded {
  const infos = Object.entries(hyperparameters).map(([name, value]) =>
    messageField(4, message(stringField(1, name), integerField(4, dataTypeOf(value)))),
  );
  const names = metrics.map((tag) => messageField(5, message(messageField(1, message(stringField(2, tag))))));
  return hyperparameterData('experiment', 2, message(infos, names));
}

/** The hyperparameters of the run that begins. `startTime` in seconds since 1970. */
export function sessionStart(
  hyperparameters: Readonly<Record<string, Hyperparameter>>,
  startTime: number,
): Encoded {
  const entries = Object.entries(hyperparameters).map(([name, value]) =>
    messageField(1, message(stringField(1, name), messageField(2, jsonValue(value)))),
  );
  return hyperparameterData('session_start_info', 3, message(entries, doubleField(5, startTime)));
}

const STATUS_SUCCESS = 1;

/** The run has ended well. `endTime` in seconds since 1970. */
export function sessionEnd(endTime: number): Encoded {
  const info = message(integerField(1, STATUS_SUCCESS), doubleField(2, endTime));
  return hyperparameterData('session_end_info', 4, info);
}

/** A value without a tensor: all that it says is in its metadata, a message HParamsPluginData. */
function hyperparameterData(name: string, field: number, content: Encoded): Encoded {
  const data = message(integerField(1, 0), messageField(field, content));
  return message(stringField(1, `_hparams_/${name}`), pluginData('hparams', data));
}

function pluginData(plugin: string, content: Encoded | null): Encoded {
  const fields = [stringField(1, plugin), ...(content === null ? [] : [messageField(2, content)])];
  return messageField(9, message(messageField(1, message(fields))));
}

/** DataType of the plugin's api.proto. */
function dataTypeOf(value: Hyperparameter): number {
  if (typeof value === 'string') return 1;
  return typeof value === 'boolean' ? 2 : 3;
}

/** google.protobuf.Value. */
function jsonValue(value: Hyperparameter): Encoded {
  if (typeof value === 'string') return stringField(3, value);
  return typeof value === 'boolean' ? integerField(4, Number(value)) : doubleField(2, value);
}
