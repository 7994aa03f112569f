/** Unpacks some files of a zip archive. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import yauzl from 'yauzl';

/**
 * Writes the files of the archive `path` whose name `wanted` accepts below `folder`, and returns how many. Names that
 * lead out of the folder and damaged archives are refused: yauzl throws an Error.
 */
export async function unzip(
  path: string,
  folder: string,
  wanted: (name: string) => boolean,
): Promise<number> {
  const archive = await openArchive(path);
  const openStream = promisify(archive.openReadStream.bind(archive)) as (
    entry: yauzl.Entry,
  ) => Promise<NodeJS.ReadableStream>;
  let files = 0;
  await new Promise<void>((resolve, reject) => {
    const extract = async (entry: yauzl.Entry) => {
      if (!entry.fileName.endsWith('/') && wanted(entry.fileName)) {
        const target = join(folder, entry.fileName);
        await mkdir(dirname(target), { recursive: true });
        await pipeline(await openStream(entry), createWriteStream(target));
        files++;
      }
      archive.readEntry();
    };
    archive.on('entry', (entry: yauzl.Entry) => void extract(entry).catch(reject));
    archive.on('end', resolve);
    archive.on('error', reject);
    archive.readEntry();
  }).finally(() => archive.close());
  return files;
}

/** Entries are read one at a time, when asked for. */
function openArchive(path: string): Promise<yauzl.ZipFile> {
  return new Promise((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true, autoClose: false }, (error, archive) => {
      if (error) reject(error);
      else resolve(archive);
    });
  });
}
