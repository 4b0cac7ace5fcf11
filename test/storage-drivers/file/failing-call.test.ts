/** Each call a driver makes to its disk fails once in these: whoever waits is told, nothing that is stored suffers, and it goes on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { type FailedCall, type Failure, runFailingCall } from './failing-call.ts';

const COUNT = Number(process.env.GNATLET_SEEDS ?? 1);

/** What may fail, and what is asked for below. */
const CHANGING = ['open', 'write', 'datasync', 'rename', 'remove', 'syncDirectory', 'makeDirectory'];
const LOOKING = ['open', 'read', 'list'];

const KINDS: { what: string; failure: Omit<Failure, 'after'>; operations: string[] }[] = [];
for (const code of ['EIO', 'ENOSPC'] as const) {
  for (const isLasting of [false, true]) {
    const how = isLasting ? 'and so do all after it for a while' : 'alone';
    const failure = { code, isLasting, isReading: false };
    KINDS.push({ what: `a change fails with ${code}, ${how}`, failure, operations: CHANGING });
  }
}
for (const isLasting of [false, true]) {
  const how = isLasting ? 'and so does everything after it, before a power cut' : 'alone, before a power cut';
  const failure = { code: 'EIO', isLasting, isReading: true } as const;
  KINDS.push({ what: `a look fails with EIO, ${how}`, failure, operations: LOOKING });
}

const WAYS: [name: string, options: Partial<FileDriverOptions>][] = [
  ['', {}],
  [', with a journal that is always at its limit', { journalBytesMax: 150_000 }],
  [', with everything compressed and encrypted', { key: Buffer.from('a key'), cipher: 'aes', compression: 's2' }],
];

/** As many runs as there are calls: in each the next one fails. */
async function failEach(seed: number, failure: Omit<Failure, 'after'>, options: Partial<FileDriverOptions>) {
  const failed: FailedCall[] = [];
  for (let after = 0; ; after++) {
    try {
      const call = await runFailingCall(seed, { ...failure, after }, options);
      if (call === null) return failed;
      failed.push(call);
    } catch (error) {
      console.error(`failed with GNATLET_SEED=${seed}: call ${after}`);
      throw error;
    }
  }
}

for (const { what, failure, operations } of KINDS) {
  for (const [name, options] of WAYS) {
    test(`S-15 D-17 D-18 D-20 D-22: ${what}${name}: nothing is lost but what nobody was promised`, async () => {
      const first = chooseSeed();
      const seen = new Set<string>();
      for (let seed = first; seed < first + COUNT; seed++) {
        for (const { operation } of await failEach(seed, failure, options)) seen.add(operation);
      }
      const missing = operations.filter((operation) => operation !== 'remove' && !seen.has(operation));
      assert.equal(missing, [], 'each kind of call failed');
    });
  }
}

test.run();
