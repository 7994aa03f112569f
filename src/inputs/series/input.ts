/** Series as an input: numbers standardised on the host. */
import { tensor } from '../../tensor/tensor.js';
import { stack } from '../host-batch.js';
import type { Input } from '../input.js';
import { lineChart } from '../line-chart.js';
import type { SeriesSettings } from './settings.js';

/** `series` of a batch are float32 [n, length, channels]; the network takes maps of height 1, [n, 1, length, channels]. */
export function seriesInput(settings: SeriesSettings): Input {
  const { length, channels } = settings;
  return {
    key: { ...settings },
    shape: [1, length, channels],
    blank: (size) => ({ size, arrays: { series: new Float32Array(size * length * channels) } }),
    batch: stack,
    record: ({ size, arrays: { series } }) => tensor(series, [size, 1, length, channels]),
    picture: ({ series }) => lineChart(series, channels),
    seen: (values) => lineChart(values, channels),
  };
}
