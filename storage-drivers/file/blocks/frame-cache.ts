/** Frames of blocks that are in memory and on disk: the least looked at go when there are too many. */
import type { BlockFrame } from './block-frame.ts';

export class FrameCache {
  bytes = 0;
  readonly bytesMax: number;
  private readonly frames = new Set<BlockFrame>();

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  add(frame: BlockFrame): void {
    if (this.frames.has(frame)) return;
    this.frames.add(frame);
    this.bytes += frame.memoryBytes;
    this.shrink(frame);
  }

  remove(frame: BlockFrame): void {
    if (!this.frames.delete(frame)) return;
    this.bytes -= frame.memoryBytes;
    frame.letGo();
  }

  /** Passes by in the order they came; whoever was looked at since the last time stays once more. */
  private shrink(newest: BlockFrame): void {
    for (const frame of this.frames) {
      if (this.bytes <= this.bytesMax) return;
      if (frame === newest) continue;
      if (frame.isTouched) {
        frame.isTouched = false;
        this.frames.delete(frame);
        this.frames.add(frame);
      } else this.remove(frame);
    }
  }
}
