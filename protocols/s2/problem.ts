/** What can be wrong with compressed bytes: one word for each, and the sentence that belongs to it. */

export type S2Reason = keyof typeof SENTENCES;

const SENTENCES = {
  'length-malformed': 'the length at the beginning of the block is not a number of up to 32 bits',
  'block-too-large': 'the block would decode to more bytes than are allowed',
  'block-truncated': 'the block ends inside of an element',
  'block-incomplete': 'the block decodes to fewer bytes than it says',
  'block-overflow': 'the block decodes to more bytes than it says',
  'offset-out-of-range': 'a copy reaches back to before the beginning of the block',
  'identifier-missing': 'the stream does not begin with a stream identifier',
  'identifier-malformed': 'the stream identifier is neither that of S2 nor that of Snappy',
  'chunk-unsupported': 'a chunk is of a kind that must not be skipped and is not known',
  'chunk-too-short': 'a chunk is too short for its checksum',
  'chunk-too-long': 'a chunk is longer than a block that is allowed can be',
  'checksum-mismatch': 'a chunk does not decode to what its checksum was made of',
  'output-too-large': 'the stream decodes to more bytes than are allowed',
  'stream-truncated': 'the stream ends inside of a chunk',
} as const;

/** Thrown by what decodes in one go. What reads a stream in pieces answers the reason instead. */
export class S2Error extends Error {
  readonly code = 'S2_MALFORMED';
  readonly reason: S2Reason;
  /** The first byte of the chunk, or of the block, that is malformed: as far from the beginning as it was read. */
  readonly offset: number;

  constructor(reason: S2Reason, offset: number) {
    super(`${SENTENCES[reason]} (${reason}, at byte ${offset})`);
    this.name = 'S2Error';
    this.reason = reason;
    this.offset = offset;
  }
}

/** What `decodeElements` answers instead of a position. */
export const BlockFault = { truncated: -1, overflow: -2, offset: -3, incomplete: -4 } as const;

const FAULTS: readonly S2Reason[] = ['block-truncated', 'block-overflow', 'offset-out-of-range', 'block-incomplete'];

export function reasonOfFault(fault: number): S2Reason {
  return FAULTS[-1 - fault] ?? 'block-truncated';
}
