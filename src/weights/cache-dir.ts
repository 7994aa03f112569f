/**
 * Where attune keeps what it can fetch or compute again: downloaded weights, prepared images,
 * cached features. Each platform has its own custom for that; `ATTUNE_CACHE` overrides it.
 */

import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** What the answer depends on; a test passes its own. */
export interface CacheDirSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/**
 * The cache folder as an absolute path; the folder need not exist yet.
 *
 * `ATTUNE_CACHE` if set (relative to the working folder); else `$XDG_CACHE_HOME/attune` or
 * `~/.cache/attune`, on macOS `~/Library/Caches/attune`, on Windows `%LOCALAPPDATA%\attune\Cache`.
 * A relative `XDG_CACHE_HOME` is ignored, as the XDG base directory specification demands.
 */
export function cacheDir(
  { env, platform, home }: CacheDirSources = {
    env: process.env,
    platform: process.platform,
    home: homedir(),
  },
): string {
  const path = platform === 'win32' ? win32 : posix;
  if (env.ATTUNE_CACHE) return path.resolve(env.ATTUNE_CACHE);
  if (platform === 'win32') {
    const local = env.LOCALAPPDATA || path.join(home, 'AppData', 'Local');
    return path.join(local, 'attune', 'Cache');
  }
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'attune');
  const xdg = env.XDG_CACHE_HOME;
  const base = xdg && path.isAbsolute(xdg) ? xdg : path.join(home, '.cache');
  return path.join(base, 'attune');
}
