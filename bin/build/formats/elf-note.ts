/**
 * Puts a note into a program of Linux (ELF, 64 bits, little endian): what Node.js looks for to find the script inside itself.
 *
 * The loader has to map the note, so the program gets a segment of its own for it, behind everything else. There is no
 * room for two more entries in the table of segments, so the table moves into the new segment too. The segment is as far from
 * the start of the file as from the start of the memory, because old kernels find the table that way.
 */

const HEADER_BYTES = 64;
const ENTRY_BYTES = 56;
const PAGE_BYTES = 0x1000;
const READABLE = 4;

const LOAD = 1;
const NOTE = 4;
const TABLE = 6;

interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: number;
  fileBytes: number;
  memoryBytes: number;
  alignment: number;
}

/** Null: this is no such program. */
export function withNote(program: Buffer, name: string, content: Uint8Array): Buffer | null {
  if (!isElf(program)) return null;
  const segments = readSegments(program);
  const loads = segments.filter(({ type }) => type === LOAD);
  const base = loads[0]!.address - loads[0]!.offset;
  const end = Math.max(...loads.map(({ address, memoryBytes }) => address + memoryBytes));
  const offset = align(Math.max(program.length, end - base), PAGE_BYTES);
  const note = noteOf(name, content);
  const noteOffset = align((segments.length + 2) * ENTRY_BYTES, 4);
  const place = (from: number, bytes: number): Pick<Segment, 'offset' | 'address' | 'fileBytes' | 'memoryBytes'> => ({
    offset: offset + from,
    address: base + offset + from,
    fileBytes: bytes,
    memoryBytes: bytes,
  });
  const whole = noteOffset + note.length;
  const added: Segment = { type: LOAD, flags: READABLE, alignment: PAGE_BYTES, ...place(0, whole) };
  const pointer: Segment = { type: NOTE, flags: READABLE, alignment: 4, ...place(noteOffset, note.length) };
  const table = withSegments(segments, added, pointer).map((segment) =>
    segment.type === TABLE ? { ...segment, ...place(0, (segments.length + 2) * ENTRY_BYTES) } : segment,
  );
  const result = Buffer.alloc(offset + whole);
  program.copy(result);
  writeSegments(result, offset, table);
  result.set(note, offset + noteOffset);
  return result;
}

function isElf(program: Buffer): boolean {
  return program.length > HEADER_BYTES && program.readUInt32BE(0) === 0x7f454c46 && program.readUInt16BE(4) === 0x0201;
}

/** Segments to load stand in the order of their addresses. */
function withSegments(segments: readonly Segment[], load: Segment, note: Segment): Segment[] {
  const last = segments.findLastIndex(({ type }) => type === LOAD);
  return [...segments.slice(0, last + 1), load, ...segments.slice(last + 1), note];
}

function readSegments(program: Buffer): Segment[] {
  const start = Number(program.readBigUInt64LE(32));
  const count = program.readUInt16LE(56);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * ENTRY_BYTES;
    return {
      type: program.readUInt32LE(at),
      flags: program.readUInt32LE(at + 4),
      offset: Number(program.readBigUInt64LE(at + 8)),
      address: Number(program.readBigUInt64LE(at + 16)),
      fileBytes: Number(program.readBigUInt64LE(at + 32)),
      memoryBytes: Number(program.readBigUInt64LE(at + 40)),
      alignment: Number(program.readBigUInt64LE(at + 48)),
    };
  });
}

function writeSegments(program: Buffer, start: number, segments: readonly Segment[]): void {
  program.writeBigUInt64LE(BigInt(start), 32);
  program.writeUInt16LE(segments.length, 56);
  segments.forEach((segment, index) => {
    const at = start + index * ENTRY_BYTES;
    program.writeUInt32LE(segment.type, at);
    program.writeUInt32LE(segment.flags, at + 4);
    program.writeBigUInt64LE(BigInt(segment.offset), at + 8);
    program.writeBigUInt64LE(BigInt(segment.address), at + 16);
    program.writeBigUInt64LE(BigInt(segment.address), at + 24);
    program.writeBigUInt64LE(BigInt(segment.fileBytes), at + 32);
    program.writeBigUInt64LE(BigInt(segment.memoryBytes), at + 40);
    program.writeBigUInt64LE(BigInt(segment.alignment), at + 48);
  });
}

/** Lengths of name and content, a type that nobody reads, and both, each up to a multiple of four bytes. */
function noteOf(name: string, content: Uint8Array): Buffer {
  const nameBytes = name.length + 1;
  const contentStart = 12 + align(nameBytes, 4);
  const note = Buffer.alloc(contentStart + align(content.length, 4));
  note.writeUInt32LE(nameBytes, 0);
  note.writeUInt32LE(content.length, 4);
  note.write(name, 12, 'latin1');
  note.set(content, contentStart);
  return note;
}

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
