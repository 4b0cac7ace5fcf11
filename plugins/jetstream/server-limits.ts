/** What streams of this server may take together, where the configuration leaves that to what there is. */
import { totalmem } from 'node:os';
import type { Disk } from '../../kernel/plugin-api.ts';

/** Bytes; 0 is nothing at all. */
export interface ServerLimits {
  readonly maxMemory: number;
  readonly maxStorage: number;
}

interface Wanted {
  /** Below zero: a share of what there is. */
  readonly maxMemory: number;
  readonly maxStorage: number;
}

/** Where nobody can say how large a disk is. */
const UNKNOWN_DISK_BYTES = 2 ** 40;
/** The rest is left to others. */
const SHARE = 3 / 4;

/** `directory`: where files are kept; null where no driver needs one. */
export async function serverLimits(wanted: Wanted, disk: Disk, directory: string | null): Promise<ServerLimits> {
  return {
    maxMemory: wanted.maxMemory >= 0 ? wanted.maxMemory : shareOf(memoryBytes()),
    maxStorage: wanted.maxStorage >= 0 ? wanted.maxStorage : await diskShare(disk, directory),
  };
}

/** Of the machine, or of the container it runs in. */
function memoryBytes(): number {
  const total = totalmem();
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < total ? constrained : total;
}

/** What streams have taken before counts as room: a server that fills its disk may keep what it has after a restart. */
async function diskShare(disk: Disk, directory: string | null): Promise<number> {
  if (directory === null) return UNKNOWN_DISK_BYTES;
  try {
    const { freeBytes, takenBytes } = await disk.room(directory);
    return Number.isFinite(freeBytes) ? shareOf(freeBytes + takenBytes) : UNKNOWN_DISK_BYTES;
  } catch {
    return UNKNOWN_DISK_BYTES;
  }
}

function shareOf(bytes: number): number {
  return Math.floor(bytes * SHARE);
}
