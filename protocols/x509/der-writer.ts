/** Puts DER together, from the inside out. */
import { Buffer } from 'node:buffer';
import { Tag } from './der.ts';

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(Tag.sequence, ...parts);
}

export function octetString(content: Uint8Array): Buffer {
  return der(Tag.octetString, content);
}

export function objectId(id: string): Buffer {
  const [top = 0, second = 0, ...rest] = id.split('.').map(Number);
  return der(Tag.objectIdentifier, Buffer.from([top * 40 + second, ...rest].flatMap(arcBytes)));
}

function arcBytes(arc: number): number[] {
  const bytes = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 | (rest % 128));
  return bytes;
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.of(0x80 | bytes.length, ...bytes);
}
