/** The ways in which drivers are made to die: what is on, and what goes wrong. */
import type { FastRandom } from '../../../kernel/ports/fast-random.ts';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import type { DriverWorld } from './driver-world.ts';
import { runStoreScript, type StoreScriptOptions } from './store-script.ts';

export interface CrashVariant {
  readonly name: string;
  /** A fresh one for each seed: some remember what they did. */
  readonly script: () => StoreScriptOptions;
}

const KEY = Buffer.from('a key of some length');

/** Every other message is large. */
const PLACED: Partial<FileDriverOptions> = {
  syncIntervalMs: 60,
  placedBytesMin: 200,
  placedBytesPerStore: 20_000,
  placedBytesMax: 400_000,
};

export const CRASH_VARIANTS: readonly CrashVariant[] = [
  { name: 'plain', script: () => ({ lives: 5, isPlain: true }) },
  {
    name: 'with a journal that is always at its limit',
    script: () => ({ lives: 5, isPlain: true, options: { journalBytesMax: 150_000 } }),
  },
  { name: 'on a disk whose writes and syncs fail now and then', script: () => ({ lives: 4, spoil: failNowAndThen }) },
  {
    name: 'with everything compressed and encrypted',
    script: () => ({ lives: 5, options: { key: KEY, cipher: 'aes', compression: 's2' } }),
  },
  { name: 'with everything encrypted', script: () => ({ lives: 5, options: { key: KEY, cipher: 'chacha' } }) },
  { name: 'with everything compressed', script: () => ({ lives: 5, options: { compression: 's2' } }) },
  { name: 'while stores begin and cease to be compressed', script: () => ({ lives: 6, isCompressible: true }) },
  { name: 'while keys are changed', script: rotating },
  {
    name: 'with blocks that are written anew all the time',
    script: () => ({
      lives: 6,
      isPlain: true,
      isSparse: true,
      options: { blockBytes: 4096, dirtyBytesPerStore: 4096, dirtyBytesMax: 16_384, tidyBytesPerSecond: 1e9 },
    }),
  },
  {
    name: 'while everything is read again in the background',
    script: () => ({
      lives: 5,
      isPlain: true,
      options: { scrubDelayMs: 10, scrubIntervalMs: 20, scrubBytesPerSecond: 5_000_000 },
    }),
  },
  {
    name: 'on a disk that is full now and then, and writes less than it is told',
    script: () => ({ lives: 5, isPlain: true, spoil: fullNowAndThen }),
  },
  {
    name: 'with large messages in blocks at once, of which syncs come later',
    script: () => ({ lives: 6, isSyncedLater: true, options: PLACED }),
  },
  {
    name: 'of the process only, with large messages in blocks at once',
    script: () => ({ lives: 6, isPlain: true, fates: ['all'], options: PLACED }),
  },
  {
    name: 'of the process only, with large messages encrypted in blocks at once',
    script: () => ({ lives: 6, fates: ['all'], options: { ...PLACED, key: KEY } }),
  },
  {
    name: 'of the process only, with large messages in blocks at once, on a disk that is full now and then',
    script: () => ({
      lives: 5,
      isPlain: true,
      isSyncedLater: true,
      fates: ['all'],
      options: PLACED,
      spoil: fullNowAndThen,
    }),
  },
  {
    name: 'with large messages in blocks at once, on a disk whose writes and syncs fail now and then',
    script: () => ({ lives: 5, isSyncedLater: true, mayLeaveFiles: true, options: PLACED, spoil: failNowAndThen }),
  },
  {
    name: 'with syncs that come later, on a disk whose writes and syncs fail now and then',
    script: () => ({ lives: 5, isSyncedLater: true, options: { syncIntervalMs: 60 }, spoil: failNowAndThen }),
  },
  { name: 'with lazy stores', script: () => ({ lives: 5, isLazy: true }) },
];

function failNowAndThen({ disk }: DriverWorld, random: FastRandom): void {
  disk.faults.rates.syncError = [0, 0.02, 0.08][random.below(3)]!;
  disk.faults.rates.writeError = [0, 0.02][random.below(2)]!;
}

/** A little room is left, or none; and sometimes there is more again in the midst of it. */
function fullNowAndThen({ disk, sim }: DriverWorld, random: FastRandom): void {
  disk.faults.rates.shortWrite = [0, 0.05][random.below(2)]!;
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  if (random.below(3) === 0) return;
  let used = 0;
  for (const bytes of disk.image().values()) used += bytes.length;
  disk.capacityBytes = used + random.below(150_000);
  if (random.below(2) === 0) sim.clock.after(random.below(300), () => (disk.capacityBytes = Number.POSITIVE_INFINITY));
}

/** A new key as soon as nothing is under the one before; the one before is forgotten when it is not needed. */
function rotating(): StoreScriptOptions {
  let number = 1;
  const keyOf = (count: number) => (count === 0 ? null : Buffer.from(`key number ${count}`));
  return {
    lives: 7,
    options: { key: keyOf(1), previousKey: null },
    spoil: (world, random) => {
      const isDone = world.driver?.stats().filesToRotate === 0;
      if (isDone && random.below(2) === 0) number++;
      const previous = isDone && world.options.key?.toString() === keyOf(number)?.toString() ? null : keyOf(number - 1);
      const cipher = random.below(2) === 0 ? 'aes' : 'chacha';
      world.options = { ...world.options, key: keyOf(number), previousKey: previous, cipher };
    },
  };
}

export interface Outcome {
  crashes: number;
  checks: number;
}

/** Runs a variant from a seed on; says which one failed. */
export async function runVariant({ name, script }: CrashVariant, first: number, count: number): Promise<Outcome> {
  const total = { crashes: 0, checks: 0 };
  for (let seed = first; seed < first + count; seed++) {
    try {
      const { crashes, checks } = await runStoreScript(seed, script());
      total.crashes += crashes;
      total.checks += checks;
    } catch (error) {
      console.error(`failed with GNATLET_SEED=${seed}: ${name}`);
      throw error;
    }
  }
  return total;
}
