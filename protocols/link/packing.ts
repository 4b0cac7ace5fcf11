/** How a line is packed that both sides have agreed to pack: at one level, or at one that follows the distance. */
import type { S2Level } from '../s2/levels.ts';
import { LineCodec } from '../s2/line-codec.ts';
import { type CompressionMode, levelFor } from './compression-mode.ts';

const PREFIX = 's2_';

export class Packing {
  readonly codec: LineCodec;
  private chosen: CompressionMode;
  private thresholdsMs: readonly number[];
  private rttBefore: number;

  /** `mode` is what came of both sides' wishes, one that packs; `rttMs` how far away the other side seems to be. */
  constructor(mode: CompressionMode, rttMs: number, thresholdsMs: readonly number[]) {
    this.chosen = mode;
    this.thresholdsMs = thresholdsMs;
    this.rttBefore = rttMs;
    this.codec = new LineCodec(this.levelAt(rttMs));
  }

  /** What the line has at the moment, in the word for it. */
  get mode(): CompressionMode {
    return `${PREFIX}${this.codec.level}` as CompressionMode;
  }

  /**
   * The other side is so far away now, or one of the two was busy: what takes more work holds when it was so twice in a row. True: it is
   * worth asking once more.
   */
  measured(rttMs: number): boolean {
    const level = this.levelAt(Math.min(rttMs, this.rttBefore));
    this.rttBefore = rttMs;
    this.codec.level = level;
    return this.levelAt(rttMs) !== level;
  }

  /** Something else that packs is wanted from now on. */
  change(mode: CompressionMode, rttMs: number, thresholdsMs: readonly number[]): void {
    this.chosen = mode;
    this.thresholdsMs = thresholdsMs;
    this.rttBefore = rttMs;
    this.measured(rttMs);
  }

  private levelAt(rttMs: number): S2Level {
    const word = this.chosen === 's2_auto' ? levelFor(rttMs, this.thresholdsMs) : this.chosen;
    return word.slice(PREFIX.length) as S2Level;
  }
}
