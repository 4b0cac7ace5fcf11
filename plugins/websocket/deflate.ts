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
  readonly PerMessageDeflate: new (
    options: object,
  ) => {
    accept(offers: readonly object[]): object;
    compress(data: Uint8Array, isFinal: boolean, done: DeflateDone): void;
    decompress(data: Uint8Array, isFinal: boolean, done: DeflateDone): void;
    cleanup(): void;
  };
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
    return {
      compress: (message, done) => deflate.compress(message, true, done),
      inflate: (message, done) => deflate.decompress(message, true, done),
      close: () => deflate.cleanup(),
    };
  };
}

/** The message was larger than allowed once inflated, rather than broken. */
export function isTooLarge(error: Error): boolean {
  return (error as Error & { code?: string }).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
}
