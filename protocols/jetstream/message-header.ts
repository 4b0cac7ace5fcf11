/** Header blocks: fields added, fields left out, and blocks that are made from nothing. */
import { Buffer } from 'node:buffer';
import { formatNanos } from './timestamp.ts';

const LINE = 'NATS/1.0\r\n';
const END = '\r\n';
const NO_BYTES = Buffer.alloc(0);

export type HeaderFields = readonly (readonly [name: string, value: string])[];

/** A block with the fields at its end; `block` may be empty. */
export function withFields(block: Uint8Array, fields: HeaderFields): Buffer {
  const added = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  if (block.length === 0) return Buffer.from(`${LINE}${added}${END}`);
  const kept = block.subarray(0, block.length - END.length);
  return Buffer.concat([kept, Buffer.from(added + END)]);
}

/** The block with a field in the place of the first of its name, or at its end where there is none. */
export function withField(block: Uint8Array, name: string, value: string): Buffer {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.length);
  const at = bytes.indexOf(`\r\n${name}:`);
  if (at < 0) return withFields(block, [[name, value]]);
  const start = at + name.length + 3;
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(` ${value}`), bytes.subarray(bytes.indexOf(END, start))]);
}

/** The block without the fields that `isLeftOut` picks; empty when none stays. A status in the first line goes as well. */
export function withoutFields(block: Uint8Array, isLeftOut: (name: string) => boolean): Buffer {
  const lines = Buffer.from(block.buffer, block.byteOffset, block.length).toString('latin1').split('\r\n').slice(1);
  const kept = lines.filter((line) => line !== '' && !isLeftOut(nameOf(line)));
  if (kept.length === 0) return NO_BYTES;
  return Buffer.from(`${LINE}${kept.join('\r\n')}\r\n${END}`, 'latin1');
}

function nameOf(line: string): string {
  const colon = line.indexOf(':');
  return colon < 0 ? line : line.slice(0, colon);
}

/** The first field of a name, without spaces in front; null where there is none. */
export function fieldOf(block: Uint8Array, name: string): string | null {
  if (block.length === 0) return null;
  const text = Buffer.from(block.buffer, block.byteOffset, block.length).toString('utf8');
  const at = text.indexOf(`\r\n${name}:`);
  if (at < 0) return null;
  const start = at + name.length + 3;
  return text.slice(start, text.indexOf('\r\n', start)).replace(/^ +/, '');
}

/** Where a message that is read directly lies. */
export interface StoredPlace {
  readonly stream: string;
  readonly subject: string;
  readonly sequence: number;
  readonly time: bigint;
}

export function placeFields({ stream, subject, sequence, time }: StoredPlace): HeaderFields {
  return [
    ['Nats-Stream', stream],
    ['Nats-Subject', subject],
    ['Nats-Sequence', String(sequence)],
    ['Nats-Time-Stamp', formatNanos(time)],
  ];
}

/** Of a message among several: how many are to come, and which was before it. */
export function batchFields(pending: number, last: number): HeaderFields {
  return [
    ['Nats-Num-Pending', String(pending)],
    ['Nats-Last-Sequence', String(last)],
  ];
}

/** What stands in for a payload that is not sent. */
export function sizeField(bytes: number): HeaderFields {
  return [['Nats-Msg-Size', String(bytes)]];
}

/** A message that says that a subject's last one is gone; `ttl` as a duration reads. */
export function markerFields(reason: string, ttl: string): HeaderFields {
  return [
    ['Nats-Marker-Reason', reason],
    ['Nats-TTL', ttl],
    ['Nats-Rollup', 'sub'],
  ];
}
