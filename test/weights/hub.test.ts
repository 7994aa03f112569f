/** Weights from the hub, against a local server: cache, revisions, tokens, refusals, damage, and no network. */
import { lstat, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type HubOptions, resolveHubWeights } from '#src/weights/hub';
import { resolveWeights } from '#src/weights/index';
import { COMMITS, gitHash, type HubAt, type HubState, withHub } from './hub-server.js';
import { failure, payload, sha256 } from './support.js';

const weights = payload(300_000, 3);
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const timm = json({
  architecture: 'resnet18',
  pretrained_cfg: {
    ...{ input_size: [3, 224, 224], interpolation: 'bicubic', crop_pct: 0.95 },
    ...{ mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
  },
});

const state = (more: Partial<HubState> = {}): HubState => ({
  files: { 'model.safetensors': weights, 'config.json': timm },
  large: ['model.safetensors'],
  ...more,
});

/** Asks without waiting between attempts. */
function ask(
  { env }: HubAt,
  name = 'hf:ada/birds',
  more: Record<string, string> = {},
  options: HubOptions = {},
) {
  const settings = { env: { ...env, ...more }, firstPauseMs: 5, attempts: 2, ...options.settings };
  return resolveHubWeights(name, { ...options, settings });
}

const repository = ({ home }: HubAt) => join(home, 'hub/models--ada--birds');

test('weights come into the cache as the hub lays it out, checked, and described', async () => {
  await withHub(state(), async (at) => {
    const notes: string[] = [];
    const found = await ask(at, 'hf:ada/birds', {}, { onNote: (text) => notes.push(text) });
    const blob = join(repository(at), 'blobs', sha256(weights));
    assert.equal(found, {
      path: blob,
      sha256: sha256(weights),
      name: `hf:ada/birds@${COMMITS.main}`,
      preprocessing: {
        ...{ resize: 235, crop: 224, interpolation: 'bicubic' },
        ...{ mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
      },
      labels: null,
    });
    assert.ok((await readFile(blob)).equals(weights));
    assert.is(await readFile(join(repository(at), 'refs/main'), 'utf8'), COMMITS.main);
    const snapshot = join(repository(at), 'snapshots', COMMITS.main);
    assert.is(await readlink(join(snapshot, 'model.safetensors')), `../../blobs/${sha256(weights)}`);
    assert.is(await readlink(join(snapshot, 'config.json')), `../../blobs/${gitHash(timm)}`);
    assert.equal(
      (await readdir(join(repository(at), 'blobs'))).sort(),
      [gitHash(timm), sha256(weights)].sort(),
    );
    assert.is(notes.length, 1);
    assert.match(
      notes[0],
      /^Downloading model\.safetensors of hf:ada\/birds\. Its terms stand at http.*\/ada\/birds\.$/,
    );

    // Again: the branch is looked up, and nothing is fetched.
    at.asked.length = 0;
    assert.equal(await ask(at), found);
    assert.equal(at.asked, ['HEAD /ada/birds/resolve/main/model.safetensors']);
    // At a commit that is there, nothing is asked at all.
    assert.equal(await ask(at, found.name), found);
    assert.is(at.asked.length, 1);
    assert.is(at.askedOfStore.length, 1);
  });
});

test('through resolveWeights, with the environment of the process', async () => {
  await withHub(state(), async ({ env }) => {
    Object.assign(process.env, env);
    try {
      const { path, entry, hub, sha256: hash } = await resolveWeights('hf:ada/birds');
      assert.equal([entry, hash, hub?.path], [null, sha256(weights), path]);
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
    }
  });
});

test('revisions: tags, branches with slashes, commits', async () => {
  await withHub(state(), async (at) => {
    for (const [revision, commit] of [
      ['v2', COMMITS.v2],
      ['refs/pr/1', COMMITS.v2],
      [COMMITS.v2, COMMITS.v2],
    ]) {
      assert.is((await ask(at, `hf:ada/birds@${revision}`)).name, `hf:ada/birds@${commit}`);
    }
    assert.is(at.asked[0], 'HEAD /ada/birds/resolve/v2/model.safetensors');
    assert.ok(at.asked.includes('HEAD /ada/birds/resolve/refs%2Fpr%2F1/model.safetensors'));
    assert.equal((await readdir(join(repository(at), 'refs'))).sort(), ['refs', 'v2']);
    assert.is(at.askedOfStore.length, 1, 'equal contents are fetched once');
    const error = await failure(ask(at, 'hf:ada/birds@v9'));
    assert.match(error.message, /^ada\/birds has no revision v9 \(http.*\): name a branch/);
  });
});

test('the token goes to the hub and to nobody else, and into no message', async () => {
  const token = 'hf_SeCrEt';
  await withHub(state({ token }), async (at) => {
    const without = await failure(ask(at));
    assert.match(without.message, /no repository ada\/birds, or it is private.*set HF_TOKEN$/);
    const wrong = await failure(ask(at, 'hf:ada/birds', { HF_TOKEN: 'hf_other' }));
    assert.match(wrong.message, /check the name, and whether HF_TOKEN may read it/);
    assert.not.match(`${wrong.stack} ${JSON.stringify(wrong)}`, 'hf_other');

    await ask(at, 'hf:ada/birds', { HF_TOKEN: ` ${token}\n` });
    assert.is(at.askedOfStore.length, 1);
    assert.is(at.askedOfStore[0].headers.authorization, undefined);

    const broken = await failure(ask(at, 'hf:ada/birds', { HF_TOKEN: 'two words' }));
    assert.match(broken.message, /cannot be used: it holds characters that no token has \(HF_TOKEN\)/);
    assert.not.match(broken.message, 'two words');
    const plain = { HF_TOKEN: token, HF_ENDPOINT: 'http://hub.example' };
    assert.match((await failure(ask(at, 'hf:ada/birds', plain))).message, /would be sent unencrypted/);
    for (const address of ['https://ada:secret@hub.example', 'ftp://hub.example', 'hub.example']) {
      const { message } = await failure(ask(at, 'hf:ada/birds', { HF_ENDPOINT: address }));
      assert.match(message, /one without a password \(HF_ENDPOINT\)/);
      assert.not.match(message, 'secret');
    }
  });
});

test('refusals have their sentences', async () => {
  await withHub(state({ gated: true }), async (at) => {
    assert.match(
      (await failure(ask(at))).message,
      /access to ada\/birds is restricted, and no HF_TOKEN is set/,
    );
    const error = await failure(ask(at, 'hf:ada/birds', { HF_TOKEN: 'hf_x' }));
    assert.match(error.message, /restricted, and HF_TOKEN does not have it .*: ask for access/);
    assert.match((await failure(ask(at, 'hf:ada/fish'))).message, /no repository ada\/fish/);
  });
  await withHub(state({ files: { 'config.json': timm } }), async (at) => {
    assert.match(
      (await failure(ask(at))).message,
      /no weights by a name that is looked for: model\.safetensors, pytorch_model\.bin, /,
    );
  });
  await withHub(state({ large: [] }), async (at) => {
    assert.match(
      (await failure(ask(at))).message,
      /has no hash by which model\.safetensors could be checked/,
    );
  });
  for (const name of ['hf:', 'hf:a/b/c', 'hf:../birds', 'hf:a/.b', 'hf:a/b@', 'hf:a/b@c@d', 'hf:a/b@../x']) {
    const error = await failure(resolveHubWeights(name));
    assert.is(error.code, 'usage', name);
    assert.match(error.message, /write hf:owner\/name/);
  }
});

test('PyTorch weights where there are no others; a renamed repository', async () => {
  const files = { 'pytorch_model.bin': weights };
  await withHub({ files, large: Object.keys(files), formerName: 'ada/vogel' }, async (at) => {
    const { name, preprocessing } = await ask(at, 'hf:ada/vogel');
    assert.is(name, `hf:ada/vogel@${COMMITS.main}`);
    assert.is(preprocessing, null);
    // That there is no configuration is remembered, too.
    at.asked.length = 0;
    await ask(at, name);
    assert.equal(at.asked, []);
  });
});

const shards = { 'model-1.safetensors': payload(1_000, 5), 'model-2.safetensors': payload(2_000, 6) };
const indexOf = (...files: string[]) =>
  json({ weight_map: Object.fromEntries(files.map((file, i) => [`w${i}`, file])) });

test('weights in several files come with their index, each checked', async () => {
  const index = indexOf(...Object.keys(shards), 'model-1.safetensors');
  const files = { ...shards, 'model.safetensors.index.json': index };
  await withHub({ files, large: Object.keys(shards) }, async (at) => {
    const { path, name, sha256: hash } = await ask(at);
    const snapshot = join(repository(at), 'snapshots', COMMITS.main);
    assert.is(path, join(snapshot, 'model.safetensors.index.json'));
    assert.is(hash, sha256(index));
    for (const [file, bytes] of Object.entries(shards)) {
      assert.ok((await readFile(join(snapshot, file))).equals(bytes));
    }
    assert.is(at.askedOfStore.length, 2);
    at.asked.length = 0;
    assert.is((await ask(at, name)).path, path);
    assert.equal([at.asked, at.askedOfStore.length], [[], 2]);

    // One is lost: it alone is fetched again, unless that is forbidden. One that was changed is refused.
    await rm(join(snapshot, 'model-2.safetensors'));
    await rm(join(repository(at), 'blobs', sha256(shards['model-2.safetensors'])));
    const offline = await failure(ask(at, name, { HF_HUB_OFFLINE: '1' }));
    assert.match(offline.message, /not in the cache, and HF_HUB_OFFLINE forbids/);
    await ask(at, name);
    assert.is(at.askedOfStore.length, 3);
    await writeFile(join(snapshot, 'model-1.safetensors'), 'something else');
    assert.match((await failure(ask(at, name))).message, /damaged or another one.*: delete it/);
  });
});

test('an index that names what is not beside it', async () => {
  for (const [files, sentence] of [
    [['../model-1.safetensors'], /does not name 1 to 500 files of safetensors/],
    [['a/model-1.safetensors'], /does not name 1 to 500/],
    [['model-1.bin'], /does not name 1 to 500/],
    [[], /does not name 1 to 500/],
    [['model-3.safetensors'], /lacks model-3\.safetensors, which its model\.safetensors\.index\.json names/],
  ] as const) {
    const index = { 'model.safetensors.index.json': indexOf(...files) };
    await withHub({ files: { ...shards, ...index }, large: Object.keys(shards) }, async (at) => {
      assert.match((await failure(ask(at))).message, sentence);
    });
  }
});

test("Keras's files, where there are no others", async () => {
  for (const file of ['model.keras', 'model.weights.h5', 'tf_model.h5']) {
    await withHub({ files: { [file]: weights }, large: [file] }, async (at) => {
      assert.is((await ask(at)).sha256, sha256(weights));
    });
  }
});

test('a damaged download is refused, and so is a cache that has changed', async () => {
  await withHub(state({ damaged: payload(300_000, 4) }), async (at) => {
    assert.match((await failure(ask(at))).message, /damaged or is another file: expected SHA-256/);
    assert.equal(await readdir(join(repository(at), 'blobs')), []);
  });
  await withHub(state(), async (at) => {
    const { path } = await ask(at);
    await writeFile(path, 'something else');
    const error = await failure(ask(at));
    assert.match(error.message, /damaged or another one.*: delete it/);
    await rm(path);
    await ask(at);
    assert.is(at.askedOfStore.length, 2);
  });
});

test('a download that stalls goes on where it was', async () => {
  const stalling = state({ stallAfter: 100_000 });
  await withHub(stalling, async (at) => {
    const settings = { stallTimeoutMs: 200 };
    const onRetry = () => {
      delete stalling.stallAfter;
    };
    const { sha256: hash } = await ask(at, 'hf:ada/birds', {}, { settings, onRetry });
    assert.is(hash, sha256(weights));
    assert.is(at.askedOfStore[1].headers.range, 'bytes=100000-');
  });
});

test('without a network the cache serves, and says so; with HF_HUB_OFFLINE nothing is asked', async () => {
  const hub = state();
  await withHub(hub, async (at) => {
    const offline = await failure(ask(at, 'hf:ada/birds', { HF_HUB_OFFLINE: '1' }));
    assert.match(offline.message, /not in the cache, and HF_HUB_OFFLINE forbids/);
    assert.equal(at.asked, []);
    hub.broken = 503;
    const unreachable = await failure(ask(at));
    assert.match(unreachable.message, /hub cannot be asked: 127.*answered 503/);
    assert.is(at.asked.length, 2, 'it was tried twice');

    delete hub.broken;
    const found = await ask(at);
    hub.broken = 503;
    const notes: string[] = [];
    assert.equal(await ask(at, 'hf:ada/birds', {}, { onNote: (text) => notes.push(text) }), found);
    assert.is(notes.length, 1);
    assert.match(notes[0], /cannot be asked.*hf:ada\/birds is taken as it was last$/);
    at.asked.length = 0;
    assert.equal(await ask(at, 'hf:ada/birds', { HF_HUB_OFFLINE: 'true' }), found);
    assert.equal(at.asked, []);
    // A refusal is an answer: what was deleted or made private is not used silently.
    hub.broken = 404;
    assert.match((await failure(ask(at))).message, /no repository/);
  });
});

test('a cache that huggingface_hub made on Windows has files in place of links', async () => {
  await withHub(state(), async (at) => {
    const snapshot = join(repository(at), 'snapshots', COMMITS.main);
    await mkdir(snapshot, { recursive: true });
    await writeFile(join(snapshot, 'model.safetensors'), weights);
    await writeFile(join(snapshot, 'config.json'), timm);
    const { path, sha256: hash } = await ask(at, `hf:ada/birds@${COMMITS.main}`, { HF_HUB_OFFLINE: '1' });
    assert.equal([path, hash], [join(snapshot, 'model.safetensors'), sha256(weights)]);
    assert.ok((await lstat(path)).isFile());
  });
});

test('a configuration that is no JSON, and one that asks for what attune does not do', async () => {
  const large = ['model.safetensors'];
  await withHub(
    { files: { 'model.safetensors': weights, 'config.json': Buffer.from('{') }, large },
    async (at) => {
      assert.match((await failure(ask(at))).message, /the file is no JSON .*: delete it/);
    },
  );
});

test.run();
