/** How what one connection sends is packed: settled with the other side once, adjusted to the distance from then on. */
import {
  type CompressionMode,
  type CompressionOptions,
  isPacked,
  levelFor,
  selectMode,
} from '../../protocols/link/compression-mode.ts';
import type { S2Level } from '../../protocols/s2/levels.ts';
import { LineCodec } from '../../protocols/s2/line-codec.ts';
import type { LeafConnection } from './leaf-connection.ts';

/** Of connections that carry frames of another protocol, which pack by themselves. */
const NONE: CompressionOptions = Object.freeze({ mode: 'not supported', thresholdsMs: [] });

export function optionsFor(connection: LeafConnection, configured: CompressionOptions): CompressionOptions {
  return connection.transport.kind === 'websocket' ? NONE : configured;
}

/** What the other side is told; undefined: nothing. */
export function offered({ mode }: CompressionOptions): string | undefined {
  return mode === 'not supported' ? undefined : mode;
}

/** Null: the other side uses a word that nobody knows. */
export function settle(options: CompressionOptions, theirs: string): CompressionMode | null {
  return selectMode(options.mode, theirs);
}

export class Packing {
  readonly isOn: boolean;
  private readonly mode: CompressionMode;
  private readonly thresholdsMs: readonly number[];
  private codec: LineCodec | null = null;

  constructor(mode: CompressionMode, { thresholdsMs }: CompressionOptions) {
    this.mode = mode;
    this.thresholdsMs = thresholdsMs;
    this.isOn = isPacked(mode);
  }

  /** What both sides, and the monitor, call it. */
  get word(): string {
    return this.codec === null ? this.mode : `s2_${this.codec.level}`;
  }

  /** Both ways; nothing may be sent until `ready`. */
  start(connection: LeafConnection, ready: () => void): void {
    this.codec = new LineCodec(this.levelAt(connection.liveness.rtt));
    connection.startCodec(this.codec, ready);
  }

  /** The distance was measured. */
  adjust(rttMs: number): void {
    if (this.codec !== null) this.codec.level = this.levelAt(rttMs);
  }

  private levelAt(rttMs: number): S2Level {
    const word = this.mode === 's2_auto' ? levelFor(rttMs, this.thresholdsMs) : this.mode;
    return word.slice('s2_'.length) as S2Level;
  }
}
