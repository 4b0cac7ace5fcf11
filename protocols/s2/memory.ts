/** Memory with a view on it, for words that lie where they like. */

export interface Memory {
  readonly bytes: Buffer;
  /** Sees exactly the bytes. */
  readonly view: DataView;
}

export function memoryOf(bytes: Buffer): Memory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}
