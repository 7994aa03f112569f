/** The flags of `attune bench`. */
import { BENCH_PARTS, type BenchPart } from '../finetune/bench/results.js';
import type { DeviceWish } from '../device/choose.js';
import { DEVICE_FLAGS, type Flags } from './flags.js';
import { choice, wholeNumber, words } from './values.js';

export interface BenchFlags {
  readonly only?: BenchPart;
  readonly seconds?: number;
  /** Files to write, beside what is printed. */
  readonly markdown?: string;
  readonly svg?: string;
  readonly device?: DeviceWish['device'];
  readonly adapter?: string;
}

/** How long all devices are measured together, when nothing else is said. */
export const BENCH_SECONDS = 60;

export const BENCH_FLAGS: Flags<BenchFlags> = {
  only: {
    value: '<part>',
    help: 'kernels: matrix products and convolutions alone. models: images per second and memory of ResNet50 and MobileNetV2. startup: the first training step and the later ones. Default: all three.',
    parse: choice(BENCH_PARTS),
  },
  seconds: {
    value: '<number>',
    help: `How long to measure, all devices together. Default: ${BENCH_SECONDS}.`,
    parse: wholeNumber(1, 86_400),
  },
  markdown: {
    value: '<file>',
    help: 'Write the tables as Markdown, too.',
    parse: words,
  },
  svg: {
    value: '<file>',
    help: 'Write charts of them, too.',
    parse: words,
  },
  device: {
    ...DEVICE_FLAGS.device,
    help: 'webgpu or cpu: only these devices. Default: ATTUNE_DEVICE, else all.',
  },
  adapter: { ...DEVICE_FLAGS.adapter, help: 'Only the GPU of this name, or part of it.' },
};
