/** Names in errors, where there may be many. */

/** Some of the names, and how many more there are. */
export function firstOf(names: readonly string[]): string {
  const first = names.slice(0, 5).map((name) => JSON.stringify(name));
  return `${first.join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
}
