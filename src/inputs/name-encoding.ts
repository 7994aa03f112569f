/** Names of files that are no UTF-8: Node shows them with this character where they are not, and finds nothing there. */
const REPLACED = '\ufffd';

export const NOT_UTF8 = 'its name is no UTF-8, so it cannot be opened';

/** Whether a path that leads nowhere may do so because a name in it is in another encoding. */
export function isNotUtf8(path: string): boolean {
  return path.includes(REPLACED);
}
