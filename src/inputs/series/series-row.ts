/** Series of numbers by time as a row of the table of inputs. */
import type { InputRow } from '../input-row.js';
import { seriesInput } from './input.js';
import { SERIES_FILES } from './series-files.js';
import { openSeriesFiles, openSeriesStore } from './series-store.js';
import { measureSeries, parseSeriesSettings, type SeriesSettings } from './settings.js';

export const SERIES: InputRow<SeriesSettings> = {
  files: SERIES_FILES,
  without: ['augment', 'crop_scale', 'image_size'],
  begin: measureSeries,
  networkOptions: ({ channels }) => ({ channels }),
  parse: parseSeriesSettings,
  create: seriesInput,
  open: openSeriesStore,
  openFiles: openSeriesFiles,
  resized: (settings) => settings,
  contradiction: () => null,
  describe: ({ length, channels, mean, std }) =>
    `${length} steps, channels ${channels}, minus [${mean.join(', ')}], divided by [${std.join(', ')}]`,
};
