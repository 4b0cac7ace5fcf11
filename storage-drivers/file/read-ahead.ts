/** Reads on while what was read is being looked at, for those who go through a store from one message to the next. */
import type { BlockList } from './blocks/block-list.ts';

/** Loads that are made ahead, where the cache has room for them. */
const AHEAD_MAX = 4;
/** Of a cache, what was read ahead may take so much. */
const CACHE_PART = 4;
/** Who asks for something this close behind the last load goes on from there; messages may be missing in between. */
const NEAR = 4096;

type ColdFrames = ReturnType<BlockList['coldFrames']>;

interface LoadOptions {
  readonly loadBytes: number;
  readonly cacheBytes: number;
}

/** What one load brings in: no more than the cache keeps until it is read. */
export function loadBytesOf({ loadBytes, cacheBytes }: LoadOptions): number {
  return Math.min(loadBytes, cacheBytes / CACHE_PART);
}

/** What it needs of a store. */
export interface ReadStore {
  readonly blocks: BlockList;
  readonly isClosed: boolean;
  readonly world: { readonly options: LoadOptions };
  bringIn(cold: ColdFrames): Promise<void>;
}

export class ReadAhead {
  private readonly store: ReadStore;
  /** What follows the last that was loaded. */
  private end = 0;
  private ahead: Promise<void> | null = null;

  constructor(store: ReadStore) {
    this.store = store;
  }

  async load(from: number, to: number): Promise<void> {
    const { store } = this;
    if (this.ahead !== null) await this.ahead;
    const goesOn = from <= to && from >= this.end && from - this.end < NEAR && this.end > 0;
    await this.loadSome(from, to);
    if (goesOn && this.ahead === null && !store.isClosed) this.ahead = this.readOn(to);
  }

  private async loadSome(from: number, to: number): Promise<boolean> {
    const { store } = this;
    const cold = store.blocks.coldFrames(from, to, loadBytesOf(store.world.options));
    if (cold.length === 0) return false;
    if (from <= to) this.end = endOf(cold);
    await store.bringIn(cold);
    return true;
  }

  /** What fails here is met again by whoever comes to it. */
  private async readOn(to: number): Promise<void> {
    const { store } = this;
    const { options } = store.world;
    const most = Math.min(AHEAD_MAX, Math.floor(options.cacheBytes / CACHE_PART / loadBytesOf(options)) - 1);
    try {
      for (let loads = 0; loads < most && !store.isClosed && this.end <= to; loads++) {
        if (!(await this.loadSome(this.end, to))) break;
      }
    } catch {
      this.end = 0;
    } finally {
      this.ahead = null;
    }
  }
}

function endOf(cold: ColdFrames): number {
  const { block, frames } = cold.at(-1)!;
  const slot = block.slotAtStart(frames.at(-1)!.end);
  return slot < block.slots ? block.seqAt(slot) : block.lastSeq + 1;
}
