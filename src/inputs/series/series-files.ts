/** The files of series. */
import type { SampleFiles } from '../sample-files.js';

export const SERIES_FILES: SampleFiles = {
  one: 'series',
  withArticle: 'a series',
  many: 'series',
  extensions: new Set(['.npy', '.csv']),
  formats: 'NPY files or CSV files of numbers',
};
