import { performance } from 'node:perf_hooks';
import type { Link } from './link.ts';
import type { PublishFrames } from './publish-frames.ts';

/** Writes in a row before the subscribers of this process get their turn. */
const WRITES_PER_TURN = 4;

/** Sends prepared slices until told to stop, as fast as the server takes them and the window allows. */
export class Publisher {
  messages = 0;
  readonly #link: Link;
  readonly #frames: PublishFrames;
  readonly #hasRoom: () => boolean;
  #nextSlice = 0;
  #writesThisTurn = 0;
  #deadline = 0;
  #isWaitingForRoom = false;
  #finished: (() => void) | null = null;

  constructor(link: Link, frames: PublishFrames, hasRoom: () => boolean) {
    this.#link = link;
    this.#frames = frames;
    this.#hasRoom = hasRoom;
  }

  /** Resolves when the server has handled the last message. */
  async publishFor(seconds: number): Promise<void> {
    this.#deadline = performance.now() + seconds * 1000;
    await new Promise<void>((resolve) => {
      this.#finished = resolve;
      this.#continue();
    });
    await this.#link.ping();
  }

  /** To be called when there may be room again. */
  roomMayHaveGrown(): void {
    if (!this.#isWaitingForRoom || !this.#hasRoom()) return;
    this.#isWaitingForRoom = false;
    this.#continue();
  }

  #continue(): void {
    if (performance.now() >= this.#deadline) this.#finished?.();
    else if (this.#hasRoom()) this.#writeSlice();
    else this.#isWaitingForRoom = true;
  }

  #writeSlice(): void {
    const slice = this.#frames.slices[this.#nextSlice]!;
    this.#nextSlice = (this.#nextSlice + 1) % this.#frames.slices.length;
    this.messages += slice.length / this.#frames.publishBytes;
    this.#link.write(slice, () => this.#afterWrite());
  }

  #afterWrite(): void {
    this.#writesThisTurn += 1;
    if (this.#writesThisTurn < WRITES_PER_TURN) {
      this.#continue();
      return;
    }
    this.#writesThisTurn = 0;
    setImmediate(() => this.#continue());
  }
}
