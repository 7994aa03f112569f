/** What resolving weights tells, as events of the command that asked for them. */
import type { RunContext } from '../recipe/options.js';
import type { ResolveOptions } from '../weights/index.js';

/** Progress and licence of a download, as events. */
export function resolveOptions({ onEvent, signal }: RunContext): ResolveOptions {
  return {
    signal,
    onLicence: ({ licence, note }, entry) =>
      onEvent?.({ type: 'note', text: `Downloading ${entry.file}. Licence: ${licence}; ${note}.` }),
    onNote: (text) => onEvent?.({ type: 'note', text }),
    onRetry: (reason, pauseMs) =>
      onEvent?.({ type: 'note', text: `${reason}; trying again in ${Math.ceil(pauseMs / 1000)} s` }),
    onProgress: ({ received, total, bytesPerSecond }) =>
      onEvent?.({
        type: 'progress',
        task: 'download',
        done: received,
        total,
        unit: 'bytes',
        secondsLeft: total === null || bytesPerSecond === null ? null : (total - received) / bytesPerSecond,
      }),
  };
}
