/** One raw connection of a script: what it received and was not yet expected, and what it sends. */
import { writeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { showBytes } from './escapes.ts';
import { matchPart, type Part } from './pattern.ts';

const PIECEMEAL_MS = 500;

export class WireConnection {
  /** The nonce of the INFO line, once one was read. */
  nonce = '';
  /** Until the script speaks of the first INFO itself, it is taken to be there and passed over. */
  awaitsInfo = true;
  private stream: Duplex;
  private received = Buffer.alloc(0);
  private isEnded = false;
  private wake: (() => void) | null = null;
  private readonly timeoutMs: number;

  constructor(stream: Duplex, timeoutMs: number) {
    this.stream = stream;
    this.timeoutMs = timeoutMs;
    this.listen(stream);
  }

  /** A busy machine must not make a client look slow to the server: after a while the rest goes in one piece. */
  async send(bytes: Uint8Array, pieceBytes: number): Promise<void> {
    const begun = performance.now();
    let at = 0;
    while (pieceBytes > 0 && at < bytes.length && performance.now() - begun < PIECEMEAL_MS) {
      await this.writePiece(bytes.subarray(at, at + pieceBytes));
      at += pieceBytes;
    }
    if (at < bytes.length) await this.write(bytes.subarray(at));
  }

  /** Waits for bytes that fit all parts and takes them. Throws with what came instead. */
  /** What parts with a name stand for is put into `kept`. */
  async expect(parts: readonly Part[], kept: Map<string, string> = new Map()): Promise<void> {
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index];
      const length = await this.waitFor(part, parts[index + 1]);
      if (part.kind === 'info') this.keepNonce(length);
      if (part.kind === 'any' && part.name !== undefined)
        kept.set(part.name, this.received.toString('latin1', 0, length));
      this.received = this.received.subarray(length);
    }
  }

  async expectEnd(): Promise<void> {
    await this.waitUntil(() => this.isEnded, 'the connection was not closed');
    this.expectNothing();
  }

  expectNothing(): void {
    if (this.received.length > 0) this.fail('more came than expected');
  }

  /** Says that nothing more will be sent, and waits until the server has closed its side too. */
  async finish(): Promise<void> {
    this.stream.end();
    await this.waitUntil(() => this.isEnded, 'the connection was not closed though our side was');
  }

  destroy(): void {
    this.stream.destroy();
  }

  async startTls(): Promise<void> {
    this.stream.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close');
    const secure = connectTls({ socket: this.stream, rejectUnauthorized: false });
    this.stream = secure;
    this.listen(secure);
    let isSecure = false;
    secure.once('secureConnect', () => {
      isSecure = true;
      this.wake?.();
    });
    await this.waitUntil(() => isSecure || this.isEnded, 'the TLS handshake did not end');
  }

  private listen(stream: Duplex): void {
    stream.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake?.();
    });
    const end = (): void => {
      this.isEnded = true;
      this.wake?.();
    };
    // A reset tells a script as much as an orderly end does: the server closed.
    stream.on('end', end).on('close', end).on('error', end);
  }

  /** Resolves once the bytes have left, so that pieces leave one by one; or once nobody is there to take them. */
  private async write(bytes: Uint8Array): Promise<void> {
    if (this.stream.destroyed || this.stream.writableEnded) return;
    let isWritten = false;
    this.stream.write(bytes, () => {
      isWritten = true;
      this.wake?.();
    });
    await this.waitUntil(() => isWritten || this.isEnded, 'the server took no bytes');
    await new Promise((resolve) => setImmediate(resolve));
  }

  /**
   * A piece that meets a server which has closed already must not destroy the stream: what the server said
   * before may still lie unread. So pieces are written past the stream where it stands on a descriptor.
   */
  private async writePiece(piece: Uint8Array): Promise<void> {
    const descriptor = (this.stream as { _handle?: { fd?: number } })._handle?.fd ?? -1;
    if (descriptor < 0 || this.stream instanceof TLSSocket) return this.write(piece);
    try {
      writeSync(descriptor, piece);
    } catch {
      // The server is gone; what it said is for the script to judge.
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  private async waitFor(part: Part, next: Part | undefined): Promise<number> {
    let length = -1;
    await this.waitUntil(() => {
      const verdict = matchPart(part, next, this.received);
      if (verdict === 'need more') {
        if (this.isEnded) this.fail('the connection was closed before');
        return false;
      }
      if ('problem' in verdict) this.fail(verdict.problem);
      else length = verdict.length;
      return true;
    }, 'nothing more came');
    return length;
  }

  private async waitUntil(isReached: () => boolean, complaint: string): Promise<void> {
    let isOverdue = false;
    const deadline = setTimeout(() => {
      isOverdue = true;
      this.wake?.();
    }, this.timeoutMs);
    try {
      while (!isReached()) {
        if (isOverdue) this.fail(`${complaint} in ${this.timeoutMs} ms`);
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    } finally {
      this.wake = null;
      clearTimeout(deadline);
    }
  }

  private keepNonce(length: number): void {
    const info = JSON.parse(this.received.toString('utf8', 5, length)) as { nonce?: string };
    this.nonce = info.nonce ?? this.nonce;
  }

  private fail(problem: string): never {
    throw new Error(
      `${problem}; received and not expected: "${showBytes(this.received)}"${this.isEnded ? ' EOF' : ''}`,
    );
  }
}
