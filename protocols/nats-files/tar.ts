/** Files in one run of bytes, as POSIX has it (ustar, with PAX headers for what does not fit). */
import { Buffer } from 'node:buffer';

export interface TarFile {
  readonly path: string;
  readonly content: Buffer;
}

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const PAX_BYTES_MAX = 64 * 1024;
const NO_BYTES = Buffer.alloc(0);

/** What a file may be long at most; null where no such file is expected. */
export type LimitOf = (path: string) => number | null;

/** Reads what comes piece by piece. A file is gathered as a whole, in memory that grows with what came and not with what was announced. */
export class TarReader {
  /** The end was read. */
  isComplete = false;
  /** What is wrong; empty while nothing is. */
  problem = '';
  private readonly limitOf: LimitOf;
  private parts: Buffer[] = [];
  private held = 0;
  private zeroBlocks = 0;
  private current: Entry | null = null;
  /** From a PAX header: of the next file. */
  private nextPath: string | null = null;
  private nextSize: number | null = null;

  constructor(limitOf: LimitOf) {
    this.limitOf = limitOf;
  }

  add(piece: Buffer): void {
    // What lies behind the end is of no interest.
    if (this.isComplete || piece.length === 0) return;
    this.parts.push(piece);
    this.held += piece.length;
  }

  /** Null when more has to come first, when all was read, or when something is wrong. */
  next(): TarFile | null {
    while (!this.isComplete && this.problem === '') {
      if (this.current === null) {
        if (this.held < BLOCK_BYTES) return null;
        this.current = this.readHeader(this.take(BLOCK_BYTES));
        continue;
      }
      const { type, path, size } = this.current;
      const padded = Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
      if (this.held < padded) return null;
      const content = this.take(padded).subarray(0, size);
      this.current = null;
      if (type === 'file') return { path, content };
      if (type === 'pax') this.readPax(content);
    }
    return null;
  }

  private readHeader(header: Buffer): Entry | null {
    if (header.every((byte) => byte === 0)) {
      this.zeroBlocks++;
      this.isComplete = this.zeroBlocks === 2;
      if (this.isComplete) this.parts = [];
      return null;
    }
    this.zeroBlocks = 0;
    if (!hasRightSum(header)) return this.fail('a file in it has a damaged header');
    const type = TYPES.get(String.fromCharCode(header[156]!));
    if (type === undefined) return this.fail('it holds what is not a file');
    const size = (type === 'file' ? this.nextSize : null) ?? numberAt(header, 124, 12);
    const path = (type === 'file' ? this.nextPath : null) ?? pathOf(header);
    if (type === 'file') [this.nextPath, this.nextSize] = [null, null];
    const limit = type === 'file' ? this.limitOf(path) : PAX_BYTES_MAX;
    if (limit === null) return this.fail(`it holds ${JSON.stringify(path)}, which is not known`);
    if (!(size <= limit)) return this.fail(`${JSON.stringify(path)} in it is too large`);
    return { type, path, size };
  }

  private fail(problem: string): null {
    this.problem = problem;
    return null;
  }

  /** Lines of a length, a blank, a name, `=` and a value. */
  private readPax(content: Buffer): void {
    for (let at = 0; at < content.length; ) {
      const blank = content.indexOf(0x20, at);
      const length = blank < 0 ? Number.NaN : Number(content.toString('latin1', at, blank));
      if (!Number.isInteger(length) || length <= blank - at || at + length > content.length) {
        this.problem = 'a file in it has a damaged header';
        return;
      }
      const [, name = '', value = ''] =
        /^([^=]*)=(.*)\n$/s.exec(content.toString('utf8', blank + 1, at + length)) ?? [];
      if (name === 'path') this.nextPath = value;
      if (name === 'size') this.nextSize = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      at += length;
    }
  }

  private take(length: number): Buffer {
    if (length === 0) return NO_BYTES;
    if (this.parts[0]!.length < length) this.parts = [Buffer.concat(this.parts)];
    const first = this.parts[0]!;
    this.held -= length;
    if (first.length === length) this.parts.shift();
    else this.parts[0] = first.subarray(length);
    return first.subarray(0, length);
  }
}

interface Entry {
  readonly type: EntryType;
  readonly path: string;
  readonly size: number;
}

type EntryType = 'file' | 'pax' | 'other';

/** What is of all files, and folders, say nothing that is needed. */
const TYPES: ReadonlyMap<string, EntryType> = new Map([
  ['0', 'file'],
  ['\0', 'file'],
  ['x', 'pax'],
  ['g', 'other'],
  ['5', 'other'],
]);

const SUM_AT = 148;
const SUM_BYTES = 8;

/** The sum counts its own field as blanks. */
function hasRightSum(header: Buffer): boolean {
  return numberAt(header, SUM_AT, SUM_BYTES) === sumOf(header);
}

function sumOf(header: Buffer): number {
  let sum = SUM_BYTES * 0x20;
  for (let at = 0; at < BLOCK_BYTES; at++) if (at < SUM_AT || at >= SUM_AT + SUM_BYTES) sum += header[at]!;
  return sum;
}

/** Octal digits; NaN where there are none. Larger numbers stand in a PAX header. */
function numberAt(header: Buffer, at: number, length: number): number {
  const text = textAt(header, at, length).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

function textAt(header: Buffer, at: number, length: number): string {
  const end = header.indexOf(0, at);
  return header.toString('utf8', at, end < 0 || end > at + length ? at + length : end);
}

function pathOf(header: Buffer): string {
  const prefix = textAt(header, 257, 6).startsWith('ustar') ? textAt(header, 345, 155) : '';
  const name = textAt(header, 0, NAME_BYTES);
  return prefix === '' ? name : `${prefix}/${name}`;
}

export const TAR_END = Buffer.alloc(2 * BLOCK_BYTES);

/** What stands before a file, with a PAX header where the path is long or of other letters. */
export function tarHeader(path: string, size: number, seconds: number): Buffer {
  const isPlain = /^[ -~]*$/.test(path) && path.length <= NAME_BYTES;
  if (isPlain) return header('0', path, size, seconds);
  const line = paxLine('path', path);
  const short = path.replace(/[^ -~]/g, '_').slice(-NAME_BYTES);
  return Buffer.concat([
    header('x', 'PaxHeaders.0/path', line.length, seconds),
    line,
    tarPadding(line.length),
    header('0', short, size, seconds),
  ]);
}

export function tarPadding(size: number): Buffer {
  return Buffer.alloc(Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES - size);
}

/** The length counts its own digits. */
function paxLine(name: string, value: string): Buffer {
  const rest = Buffer.from(` ${name}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function header(type: string, path: string, size: number, seconds: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(path, 0, 'latin1');
  writeOctal(block, 100, 8, 0o600);
  writeOctal(block, 108, 8, 0);
  writeOctal(block, 116, 8, 0);
  writeOctal(block, 124, 12, size);
  writeOctal(block, 136, 12, seconds);
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.write(`${sumOf(block).toString(8).padStart(6, '0')}\0 `, SUM_AT, 'latin1');
  return block;
}

function writeOctal(block: Buffer, at: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}
