/**
 * Label smoothing (Szegedy et al., "Rethinking the Inception architecture for computer vision", 2016): a share of each target
 * is spread over all classes (ops/loss/cross-entropy.ts; beside class weights tasks/classification.ts).
 */
import { fractionField } from './field.js';
import type { Method } from './method.js';

const fields = {
  label_smoothing: fractionField({
    default: 0,
    isAlwaysTold: true,
    value: '<fraction>',
    group: 'Training:',
    help: 'Share of each target that is spread over all classes. Default: 0.',
  }),
};

export interface LabelSmoothingOptions {
  /** Share of each target that is spread over all classes. Default: 0. */
  readonly labelSmoothing?: number;
}

export const LABEL_SMOOTHING: Method<typeof fields, LabelSmoothingOptions> = {
  fields,
  ofClasses: ['label_smoothing'],
  loss: ({ label_smoothing: labelSmoothing }) => (labelSmoothing > 0 ? { labelSmoothing } : {}),
  againstOverfitting: ({ label_smoothing }) => (label_smoothing === 0 ? '--label-smoothing 0.1' : null),
  againstUnderfitting: ({ label_smoothing }) => (label_smoothing > 0 ? 'no label smoothing' : null),
};
