/** How what one connection sends is packed: settled with the other side once, adjusted to the distance from then on. */
import {
  type CompressionMode,
  type CompressionOptions,
  isPacked,
  selectMode,
} from '../../protocols/link/compression-mode.ts';
import { Packing } from '../../protocols/link/packing.ts';
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

/** What was settled for one connection, whether it packs or not. */
export class Settled {
  private readonly mode: CompressionMode;
  private readonly thresholdsMs: readonly number[];
  private packing: Packing | null = null;

  constructor(mode: CompressionMode, { thresholdsMs }: CompressionOptions) {
    this.mode = mode;
    this.thresholdsMs = thresholdsMs;
  }

  get packs(): boolean {
    return isPacked(this.mode);
  }

  /** What both sides, and the monitor, call it. */
  get word(): string {
    return this.packing?.mode ?? this.mode;
  }

  /** Both ways; nothing may be sent until `ready`. */
  start(connection: LeafConnection, ready: () => void): void {
    this.packing = new Packing(this.mode, connection.liveness.rtt, this.thresholdsMs);
    connection.startCodec(this.packing.codec, ready);
  }

  /** The distance was measured. True: it is worth asking once more. */
  measured(rttMs: number): boolean {
    return this.packing?.measured(rttMs) === true;
  }
}
