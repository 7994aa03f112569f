/** Names in errors, where there may be many. */
import { listed } from '../text.js';

/** Some of the names, and how many more there are. */
export function firstOf(names: readonly string[]): string {
  return listed(
    names.map((name) => JSON.stringify(name)),
    5,
  );
}
