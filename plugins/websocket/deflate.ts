/**
 * Compression of messages, by the package `ws`: it runs on the thread pool, a few messages at a time over all connections.
 *
 * Each message is compressed by itself (no context takeover), so what a connection keeps is memory and no history.
 */

export type DeflateDone = (error: Error | null, bytes: Buffer) => void;

export interface Deflate {
  /** One message at a time; the bytes stay untouched until `done`. */
  compress(message: Uint8Array, done: DeflateDone): void;
  inflate(message: Buffer, done: DeflateDone): void;
  close(): void;
}

/** What is used of the package `ws`. */
interface WsPackage {
  readonly PerMessageDeflate: new (options: object) => PackageDeflate;
}

interface PackageDeflate {
  accept(offers: readonly object[]): object;
  compress(data: Uint8Array, isFinal: boolean, done: DeflateDone): void;
  decompress(data: Uint8Array, isFinal: boolean, done: DeflateDone): void;
  cleanup(): void;
}

/** Makes one for a connection. */
export type DeflateMaker = (inflatedMax: number) => Deflate;

/** The fastest: a message is compressed while others wait. */
const LEVEL = 1;

/** Loads the package: a broker that does not compress never does. */
export async function loadDeflate(): Promise<DeflateMaker> {
  // @ts-expect-error: the package brings no types; what is used of it stands above.
  const { PerMessageDeflate } = (await import('ws')) as WsPackage;
  return (inflatedMax) => {
    const deflate = new PerMessageDeflate({
      isServer: true,
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      maxPayload: inflatedMax,
      zlibDeflateOptions: { level: LEVEL },
    });
    // What the client may ask for besides is not negotiated.
    deflate.accept([{}]);
    return new GuardedDeflate(deflate);
  };
}

/** Closed under way, the package would take the process down: a close waits for what is being worked on. */
class GuardedDeflate implements Deflate {
  private readonly deflate: PackageDeflate;
  private workCount = 0;
  private isClosing = false;

  constructor(deflate: PackageDeflate) {
    this.deflate = deflate;
  }

  compress(message: Uint8Array, done: DeflateDone): void {
    if (!this.isClosing) this.deflate.compress(message, true, this.begin(done));
  }

  inflate(message: Buffer, done: DeflateDone): void {
    if (!this.isClosing) this.deflate.decompress(message, true, this.begin(done));
  }

  close(): void {
    this.isClosing = true;
    if (this.workCount === 0) this.deflate.cleanup();
  }

  private begin(done: DeflateDone): DeflateDone {
    this.workCount++;
    let isOver = false;
    return (error, bytes) => {
      if (isOver) return;
      isOver = true;
      this.workCount--;
      if (!this.isClosing) done(error, bytes);
      // The package is still in the middle of its own work here.
      else if (this.workCount === 0) queueMicrotask(() => this.deflate.cleanup());
    };
  }
}

/** The message was larger than allowed once inflated, rather than broken. */
export function isTooLarge(error: Error): boolean {
  return (error as Error & { code?: string }).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
}
