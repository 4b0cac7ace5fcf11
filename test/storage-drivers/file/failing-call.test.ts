/** Any call a driver makes to its disk fails in these: whoever waits is told, nothing that is stored suffers, and it goes on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { type FailedCall, type Failure, runFailingCall } from './failing-call.ts';

const COUNT = Number(process.env.GNATLET_SEEDS ?? 1);
/** Of so many calls one fails, drawn by the seed: with GNATLET_STEP=1 each of them does, in its turn. */
const STEP = Number(process.env.GNATLET_STEP ?? 5);

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

interface Way {
  readonly name: string;
  readonly options: Partial<FileDriverOptions>;
  readonly step: number;
}

const WAYS: readonly Way[] = [
  { name: '', options: {}, step: STEP },
  { name: ', with a journal that is always at its limit', options: { journalBytesMax: 150_000 }, step: 3 * STEP },
  {
    name: ', with everything compressed and encrypted',
    options: { key: Buffer.from('a key'), cipher: 'aes', compression: 's2' },
    step: 3 * STEP,
  },
];

/** As many runs as there are such calls: in each another one fails. */
async function failEach(seed: number, failure: Omit<Failure, 'after'>, { options, step }: Way): Promise<FailedCall[]> {
  const failed: FailedCall[] = [];
  for (let after = seed % step; ; after += step) {
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
  for (const way of WAYS) {
    test(`S-15 D-17 D-18 D-20 D-22: ${what}${way.name}: nothing is lost but what nobody was promised`, async () => {
      const first = chooseSeed();
      const seen = new Set<string>();
      for (let seed = first; seed < first + COUNT; seed++) {
        for (const { operation } of await failEach(seed, failure, way)) seen.add(operation);
      }
      if (way.step > 1) return;
      const missing = operations.filter((operation) => operation !== 'remove' && !seen.has(operation));
      assert.equal(missing, [], 'each kind of call failed');
    });
  }
}

test.run();
