/** The lock file: exclusion, waiting, and taking over from the dead and the silent. */

import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeAway, withLock } from '#src/weights/lock';
import { ownerHere } from '#src/weights/owner';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

async function inFolder(body: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'attune lock '));
  try {
    await body(join(folder, 'x.lock'), folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The id of a process that has just ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

function owner(pid: number, host = hostname()): string {
  const { numbers } = ownerHere();
  const isHere = host === hostname();
  return JSON.stringify({
    pid,
    host,
    numbers: isHere ? numbers : 'elsewhere',
    start: null,
    token: 'another',
  });
}

test('returns what the body returns, and leaves nothing', async () => {
  await inFolder(async (path, folder) => {
    const result = await withLock(path, {}, async (lock) => {
      assert.is(JSON.parse(await readFile(path, 'utf8')).pid, process.pid);
      assert.is(await lock.isHeld(), true);
      return 42;
    });
    assert.is(result, 42);
    assert.equal(await readdir(folder), []);
  });
});

test('a body that throws frees the lock too', async () => {
  await inFolder(async (path, folder) => {
    const broken = withLock(path, {}, async () => {
      throw new Error('broken');
    });
    assert.match((await broken.catch((error) => error)).message, 'broken');
    assert.equal(await readdir(folder), []);
  });
});

test('bodies never overlap, even when all of them find the same dead lock at once', async () => {
  const pid = deadPid();
  const round = () =>
    inFolder(async (path, folder) => {
      await writeFile(path, owner(pid));
      let inside = 0;
      let entered = 0;
      const body = async () => {
        assert.is(++inside, 1);
        entered++;
        await sleep(1);
        inside--;
      };
      await Promise.all(Array.from({ length: 3 }, () => withLock(path, {}, body)));
      assert.is(entered, 3);
      assert.equal(await readdir(folder), []);
    });
  await Promise.all(Array.from({ length: 40 }, round));
});

test('only the abandoned lock is removed', async () => {
  await inFolder(async (path, folder) => {
    await takeAway(path, 'gone meanwhile');
    await writeFile(path, 'of a faster one');
    await takeAway(path, 'abandoned');
    assert.is(await readFile(path, 'utf8'), 'of a faster one');
    assert.equal(await readdir(folder), ['x.lock']);
    await takeAway(path, 'of a faster one');
    assert.equal(await readdir(folder), []);
  });
});

test('a lock in use stays in its place while slower waiters find that it is not the abandoned one', async () => {
  await inFolder(async (path, folder) => {
    await withLock(path, {}, async (lock) => {
      let isDone = false;
      const removals = Promise.all(Array.from({ length: 8 }, () => takeAway(path, 'abandoned')));
      const done = removals.then(() => {
        isDone = true;
      });
      while (!isDone) assert.is(await lock.isHeld(), true);
      await done;
    });
    assert.equal(await readdir(folder), []);
  });
});

test('the lock of a living process is waited for', async () => {
  await inFolder(async (path) => {
    await writeFile(path, owner(process.pid));
    let looks = 0;
    const onWait = async () => {
      if (++looks === 2) await rm(path);
    };
    await withLock(path, { onWait }, async () => {});
    assert.is(looks, 2);
  });
});

test('a lock that nobody touches is taken over, whoever made it', async () => {
  const round = (text: string) =>
    inFolder(async (path) => {
      await writeFile(path, text);
      const began = performance.now();
      await withLock(path, { staleMs: 300 }, async () => {});
      assert.ok(performance.now() - began >= 300);
    });
  const texts = [owner(1, 'another-machine'), owner(process.pid), '', '{"pid":', 'null'];
  await Promise.all(texts.map(round));
});

test('a lock that is touched is not abandoned', async () => {
  await inFolder(async (path) => {
    await writeFile(path, owner(1, 'another-machine'));
    let looks = 0;
    const onWait = async () => {
      if (++looks < 5) await writeFile(path, owner(1, 'another-machine'));
      else await rm(path);
    };
    await withLock(path, { onWait, staleMs: 400 }, async () => {});
    assert.is(looks, 5);
  });
});

test('who lost the lock knows, and does not remove the lock of another', async () => {
  await inFolder(async (path) => {
    await withLock(path, {}, async (lock) => {
      await writeFile(path, owner(process.pid));
      assert.is(await lock.isHeld(), false);
    });
    assert.is(await readFile(path, 'utf8'), owner(process.pid));
  });
});

test('waiting can be interrupted', async () => {
  await inFolder(async (path) => {
    await writeFile(path, owner(process.pid));
    const controller = new AbortController();
    const options = { signal: controller.signal, onWait: () => controller.abort(new Error('enough')) };
    const error = await withLock(path, options, async () => {}).catch((reason) => reason);
    assert.is(error.message, 'enough');
  });
});

test.run();
