/** Two sets of names that must be the same. */
import * as assert from 'uvu/assert';

/** Fails with the names that are in one only, whatever the sizes of both; `remedy` says where names belong. */
export function assertSameSet(found: Iterable<string>, expected: Iterable<string>, remedy: string): void {
  const [left, right] = [new Set(found), new Set(expected)];
  const missing = [...right].filter((name) => !left.has(name));
  const surplus = [...left].filter((name) => !right.has(name));
  if (missing.length + surplus.length === 0) return;
  const told = [
    missing.length > 0 ? `missing: ${missing.join(', ')}` : '',
    surplus.length > 0 ? `not expected: ${surplus.join(', ')}` : '',
  ];
  assert.unreachable(`${told.filter((part) => part !== '').join('; ')} (${remedy})`);
}
