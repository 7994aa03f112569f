/** attune advise as a user types it: facts, findings with their sources, a proposal and the next command. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { proposalText } from '#src/cli/commands/advise';
import { attuneHere } from './support.js';

const demo = (name: string) => fileURLToPath(new URL(`../../../weights/demo/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'attune advise ü '));
test.after(() => rmSync(folder, { recursive: true }));
const data = join(folder, 'my garments');
cpSync(demo('images/train'), join(data, 'train'), { recursive: true });
cpSync(demo('images/train/bag/00.png'), join(data, 'val/bag/copy.png'));
cpSync(demo('images/test/sandal/00.png'), join(data, 'val/sandal/other.png'));

test('advise names a leak, says why, and proposes a command', async () => {
  const words = ['advise', data, '--weights', demo('garments.safetensors'), '--device', 'cpu'];
  const { status, stdout, stderr } = await attuneHere(words);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^images {7}30 to train, 2 to validate, 0 to test\n/);
  assert.match(stdout, /\ncopies {7}of 1 picture\nfeatures {5}resnet-small as it is tells /);
  assert.match(
    stdout.replaceAll(/\n {2}/g, ' '),
    /- 1 image of the validation or test part .* val.bag.copy\.png/,
  );
  assert.match(stdout, '\n  (Barz and Denzler');
  assert.match(stdout, '\nProposal\n- --model resnet-small: ');
  const last = stdout.trimEnd().split('\n').slice(-2);
  assert.is(last[0], 'Next');
  assert.match(last[1], /^(?:npx )?attune finetune ['"].*my garments['"] --weights .*garments\.safetensors/);
  const tooWide = stdout.split('\n').filter((line) => line.startsWith('- ') && line.length > 80);
  assert.equal(tooWide, []);
});

test('advise says of a rate that it will be measured, and how high it may become', () => {
  const proposed = {
    field: 'lr',
    value: 5e-5,
    reason: 'small steps',
    source: null,
    is_default: true,
  } as const;
  const measured = proposalText({ ...proposed, measured_at_most: 2e-4 });
  assert.is(measured, '--lr measured before the first step, at most 0.0002: small steps.');
  assert.is(proposalText({ ...proposed, measured_at_most: null }), '--lr 0.00005: small steps.');
});

test('advise --no-features loads no network', async () => {
  const { status, stdout, stderr } = await attuneHere(
    `advise --no-features --device cpu --json`.split(' ').concat(data),
  );
  assert.is(status, 0, stderr);
  const { about, facts, proposal } = JSON.parse(stdout);
  assert.is(about, 'data');
  assert.is(facts.features, null);
  assert.equal(
    facts.duplicates[0].images.map(({ part }: { part: string }) => part),
    ['train', 'val'],
  );
  assert.is(proposal[0].field, 'model');
});

test.run();
