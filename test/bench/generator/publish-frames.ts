/** Frames of one size, built before the clock starts: sending them costs a write, receiving them a count. */

/** About what one write hands to the kernel. */
const SLICE_BYTES = 256 * 1024;

/** Rotating subjects in this stride visits all of them, in an order that is no order of any table. */
const STRIDE = 7919;

export interface PublishFrames {
  /** Whole frames, each piece about as large as one write should be; sent round and round. */
  slices: Buffer[];
  publishBytes: number;
  messageBytes: number;
  /** What a subscriber gets for the publisher's nth frame, counted from 0. */
  messageAt(index: number): Buffer;
}

export interface FrameSizes {
  payloadBytes: number;
  subjects: number;
  lastToken?: string | undefined;
}

export function buildPublishFrames(sizes: FrameSizes): PublishFrames {
  const payload = `${payloadOf(sizes.payloadBytes)}\r\n`;
  const publishAt = (index: number): string => `PUB ${subjectAt(sizes, index)} ${sizes.payloadBytes}\r\n${payload}`;
  const messageAt = (index: number): Buffer =>
    Buffer.from(`MSG ${subjectAt(sizes, index)} 1 ${sizes.payloadBytes}\r\n${payload}`, 'latin1');
  const publishBytes = publishAt(0).length;
  return {
    slices: buildSlices(publishAt, publishBytes, sizes.subjects),
    publishBytes,
    messageBytes: messageAt(0).length,
    messageAt,
  };
}

/** Lower case only: a reader that lost its place never takes it for the beginning of a message. */
export function payloadOf(bytes: number): string {
  return 'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(bytes / 26)).slice(0, bytes);
}

export function subjectAt(sizes: FrameSizes, index: number): string {
  const number = (index * STRIDE) % sizes.subjects;
  return `bench.${String(number).padStart(6, '0')}.${sizes.lastToken ?? 't'}`;
}

/** The whole is a multiple of the number of subjects, so that each is visited equally often. */
function buildSlices(publishAt: (index: number) => string, publishBytes: number, subjects: number): Buffer[] {
  const perSlice = Math.max(1, Math.floor(SLICE_BYTES / publishBytes));
  const total = Math.ceil(perSlice / subjects) * subjects;
  const slices: Buffer[] = [];
  for (let from = 0; from < total; from += perSlice) {
    const count = Math.min(perSlice, total - from);
    const frames = Array.from({ length: count }, (_, offset) => publishAt(from + offset));
    slices.push(Buffer.from(frames.join(''), 'latin1'));
  }
  return slices;
}
