/** Series of numbers by time as a row of the table of inputs. */
import { counted, significant } from '../../text.js';
import type { InputRow } from '../input-row.js';
import { inMemory } from '../memory-store.js';
import { seriesInput } from './input.js';
import { parseSeries } from './series.js';
import { SERIES_FILES } from './series-files.js';
import { measureSeries, parseSeriesSettings, type SeriesSettings, toInput } from './settings.js';

export const SERIES: InputRow<SeriesSettings> = {
  ...inMemory<SeriesSettings>({
    files: SERIES_FILES,
    create: seriesInput,
    async parse(bytes, settings, path, signal) {
      const series = await parseSeries(bytes, path, signal);
      return { sample: { series: toInput(series, settings, path) }, isCut: series.steps > settings.length };
    },
    cutNote(count, { length }) {
      const them = count === 1 ? 'is cut there' : 'are cut there';
      return `Note: ${counted(count, 'series has', 'series have')} more than the ${length} steps that the network sees, and ${them}.`;
    },
  }),
  begin: measureSeries,
  networkOptions: ({ channels }) => ({ channels }),
  parse: parseSeriesSettings,
  describe: ({ length, channels, mean, std }) =>
    `${length} steps, channels ${channels}, minus [${mean.map(significant).join(', ')}], divided by [${std.map(significant).join(', ')}]`,
};
