/** Whole streams in one go, for what is small enough to be held as a whole. */
import { S2Error } from './problem.ts';
import { StreamDecoder, type StreamDecoderOptions, StreamEvent } from './stream-decoder.ts';
import { StreamEncoder, type StreamEncoderOptions } from './stream-encoder.ts';

export function encodeStream(source: Buffer, options: StreamEncoderOptions = {}): Buffer {
  return new StreamEncoder(options).encode(source);
}

/** Throws an `S2Error` when the stream is malformed, ends too early, or would decode to more than `outputBytesMax`. */
export function decodeStream(
  source: Buffer,
  options: StreamDecoderOptions & { readonly outputBytesMax: number },
): Buffer {
  const decoder = new StreamDecoder(options);
  const parts: Buffer[] = [];
  let event = decoder.read(source, 0, source.length);
  while (event === StreamEvent.data) {
    parts.push(Buffer.from(decoder.output.subarray(decoder.start, decoder.end)));
    event = decoder.read(source, decoder.at, source.length);
  }
  if (event === StreamEvent.problem) throw new S2Error(decoder.problem ?? 'stream-truncated', decoder.offset);
  if (!decoder.isBetweenChunks()) throw new S2Error('stream-truncated', decoder.offset);
  return Buffer.concat(parts);
}
