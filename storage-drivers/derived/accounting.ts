/**
 * What a record counts for in the `bytes` of a stream, whatever it takes in truth: these numbers are visible and drive
 * `max_bytes`. (reference: JetStream streams, 2.4)
 */
export type SizeFormula = (subjectLength: number, headerLength: number, bodyLength: number) => number;

const MEMORY_OVERHEAD = 16;
const FILE_OVERHEAD = 30;
const FILE_HEADER_OVERHEAD = 4;

export const memorySize: SizeFormula = (subjectLength, headerLength, bodyLength) =>
  subjectLength + headerLength + bodyLength + MEMORY_OVERHEAD;

export const fileSize: SizeFormula = (subjectLength, headerLength, bodyLength) =>
  subjectLength + headerLength + bodyLength + FILE_OVERHEAD + (headerLength > 0 ? FILE_HEADER_OVERHEAD : 0);
