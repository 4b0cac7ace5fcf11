/** The numbers of the block format and of the stream format. */

/** The lowest two bits of an element's first byte. */
export const Tag = { literal: 0, copyNear: 1, copy: 2, copyFar: 3 } as const;

export const ChunkType = {
  compressed: 0x00,
  uncompressed: 0x01,
  /** From here to the first that is skippable, nobody may guess. */
  unsupportedFirst: 0x02,
  skippableFirst: 0x80,
  padding: 0xfe,
  identifier: 0xff,
} as const;

export const CHUNK_HEADER_BYTES = 4;
export const CHECKSUM_BYTES = 4;
export const IDENTIFIER_BODY_BYTES = 6;
export const S2_IDENTIFIER = Buffer.from('\xff\x06\x00\x00S2sTwO', 'latin1');
export const SNAPPY_IDENTIFIER = Buffer.from('\xff\x06\x00\x00sNaPpY', 'latin1');

/** What a block of a stream may decode to. */
export const BLOCK_BYTES_MAX = 4 * 1024 * 1024;
export const SNAPPY_BLOCK_BYTES_MAX = 64 * 1024;
/** A block that stands alone says its length in a number of 32 bits. */
export const LENGTH_BYTES_MAX = 5;

const LITERAL_HEADER_BYTES_MAX = 5;
/** While a block is written, so many bytes behind its limit may be written to. */
export const WRITE_SLACK = 24;

/** The most bytes that a block of that many decoded bytes takes, its length included. */
export function encodedBytesMax(length: number): number {
  return LENGTH_BYTES_MAX + LITERAL_HEADER_BYTES_MAX + length;
}
