/** What a state dict needs beside the values. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TensorFile } from '#src/formats/tensors';
import { readCounters } from '#src/models/export/state-dict';

test('a counter is read where its bytes are, also in the middle of others', async () => {
  const bytes = new Uint8Array(24).fill(255);
  new DataView(bytes.buffer).setBigInt64(8, 1234n, true);
  const counter = { name: 'bn1.num_batches_tracked', dtype: 'I64', shape: [] } as const;
  const tensors = [
    {
      ...counter,
      read: async () => new Float32Array(0),
      readRaw: async () => bytes.subarray(8, 16),
    },
  ];
  const file: TensorFile = {
    ...{ format: 'npz', layout: 'pytorch', metadata: {}, skipped: [], tensors },
    async close() {},
  };
  assert.equal([...(await readCounters(file))], [['bn1.num_batches_tracked', 1234n]]);
});

test.run();
