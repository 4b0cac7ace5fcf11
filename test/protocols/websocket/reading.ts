/** Reads a stream of frames in pieces, as a connection would, and tells what came of it. */
import { FrameMemory } from '../../../protocols/websocket/frame-memory.ts';
import { FrameEvent, FrameReader, type FrameRules, type Violation } from '../../../protocols/websocket/frame-reader.ts';

export const USUAL: FrameRules = {
  isMaskRequired: true,
  allowsCompression: true,
  acceptsText: true,
  compressedMax: 1000,
};

export interface Reading {
  /** The bytes of the stream, in their order. */
  stream: string;
  /** `opcode:payload` */
  controls: string[];
  compressed: string[];
  violation: Violation | null;
}

export function readPieces(pieces: readonly Uint8Array[], rules: FrameRules = USUAL, offset = 0): Reading {
  const reader = new FrameReader(rules);
  const size = Math.max(16, ...pieces.map((piece) => piece.length));
  const memory = new FrameMemory(Buffer.allocUnsafeSlow(size + offset).subarray(offset));
  const reading: Reading = { stream: '', controls: [], compressed: [], violation: null };
  for (const piece of pieces) {
    memory.bytes.set(piece);
    let [at, filled] = [0, 0];
    for (let event: FrameEvent | null = null; event !== FrameEvent.needsMore; ) {
      event = reader.read(memory, at, piece.length, filled);
      ({ at, filled } = reader);
      if (event === FrameEvent.control) reading.controls.push(`${reader.opcode}:${reader.payload.toString('latin1')}`);
      if (event === FrameEvent.compressed) reading.compressed.push(reader.takeCompressed().toString('latin1'));
      if (event !== FrameEvent.violation) continue;
      reading.violation = reader.violation;
      break;
    }
    reading.stream += memory.bytes.toString('latin1', 0, filled);
    if (reading.violation !== null) break;
  }
  return reading;
}
