import { createHash } from 'node:crypto';
import type { Receiver, Transport } from '../../../kernel/ports/transport.ts';

/** A receiver that keeps what it is told, and lets a test wait for it. */
export class RecordingReceiver implements Receiver {
  readonly chunks: Buffer[] = [];
  length = 0;
  writtenCalls = 0;
  closedCalls = 0;
  error: Error | null = null;
  /** Called after every event, inside the transport's call. */
  watch: (() => void) | null = null;
  private readonly readBuffer: Uint8Array | null;
  private waiting: { holds: () => boolean; resolve: () => void }[] = [];

  constructor(readBuffer: Uint8Array | null = null) {
    this.readBuffer = readBuffer;
  }

  onRead(length: number): void {
    this.keep(this.readBuffer!.subarray(0, length));
  }

  onBytes(bytes: Uint8Array): void {
    this.keep(bytes);
  }

  onWritten(): void {
    this.writtenCalls++;
    this.told();
  }

  onClosed(error: Error | null): void {
    this.closedCalls++;
    this.error = error;
    this.told();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  until(holds: (receiver: this) => boolean): Promise<void> {
    if (holds(this)) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ holds: () => holds(this), resolve }));
  }

  closed(): Promise<void> {
    return this.until((receiver) => receiver.closedCalls > 0);
  }

  private keep(bytes: Uint8Array): void {
    this.chunks.push(Buffer.from(bytes));
    this.length += bytes.length;
    this.told();
  }

  private told(): void {
    this.watch?.();
    const ready = this.waiting.filter(({ holds }) => holds());
    this.waiting = this.waiting.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  }
}

/** Writes all of `bytes` in pieces of the given sizes, waiting whenever the transport says so. */
export async function writeInPieces(
  transport: Transport,
  receiver: RecordingReceiver,
  bytes: Uint8Array,
  nextSize: () => number,
): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const piece = Buffer.from(bytes.subarray(at, at + nextSize()));
    at += piece.length;
    const before = receiver.writtenCalls;
    if (transport.write(piece)) continue;
    await receiver.until(() => receiver.writtenCalls > before || receiver.closedCalls > 0);
    if (receiver.closedCalls > 0) return;
  }
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}
