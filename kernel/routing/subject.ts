/**
 * Questions about subjects, answered without splitting them.
 *
 * A subject is bytes. As a string inside the kernel it holds one character per byte, so that indexes, lengths and
 * hashes are those of the bytes; `subjectFromText` and `textFromSubject` convert what people write and read.
 */
import { Buffer } from 'node:buffer';

const DOT = 46;
const STAR = 42;
const FULL = 62;

/** The bytes of a text from a config file or an API, as the kernel holds them. */
export function subjectFromText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** What people are shown. Bytes that are not UTF-8 become replacement characters. */
export function textFromSubject(subject: string): string {
  return Buffer.from(subject, 'latin1').toString('utf8');
}

/** For subjects that people configure: the rules of the wire, and no white space. */
export function isValidSubject(subject: string): boolean {
  return isWellFormed(subject) && !/[ \t\n\f\r]/.test(subject);
}

/** No token is empty, and `>` stands only at the end. All that the wire asks of a subscription's subject. */
export function isWellFormed(subject: string): boolean {
  for (let start = 0; ; ) {
    const end = tokenEnd(subject, start);
    if (end === start) return false;
    if (end === subject.length) return true;
    if (isFull(subject, start, end)) return false;
    start = end + 1;
  }
}

/** No token is empty and none is a wildcard: a subject that can be published to and be matched. */
export function isValidLiteral(subject: string): boolean {
  return isWellFormed(subject) && isLiteral(subject);
}

/** `*` and `>` count only where they are a whole token. */
export function hasWildcard(subject: string): boolean {
  for (let start = 0; start <= subject.length; ) {
    const end = tokenEnd(subject, start);
    if (isStar(subject, start, end) || isFull(subject, start, end)) return true;
    start = end + 1;
  }
  return false;
}

export function isLiteral(subject: string): boolean {
  return !hasWildcard(subject);
}

/** `isWellFormed` on the bytes of a read buffer. */
export function isValidSubjectBytes(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; ; ) {
    const first = at;
    while (at < end && bytes[at] !== DOT) at++;
    if (at === first) return false;
    if (at === end) return true;
    if (at - first === 1 && bytes[first] === FULL) return false;
    at++;
  }
}

/** `isValidLiteral` on the bytes of a read buffer: what pedantic connections ask of every publish. */
export function isLiteralSubjectBytes(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; ; ) {
    const first = at;
    while (at < end && bytes[at] !== DOT) at++;
    if (at === first) return false;
    if (at - first === 1 && (bytes[first] === STAR || bytes[first] === FULL)) return false;
    if (at === end) return true;
    at++;
  }
}

/** The subject's bytes are taken literally, also a `*` that is a token. With an empty token it matches nothing. */
export function matchesLiteral(literal: string, pattern: string): boolean {
  for (let at = 0, patternAt = 0; ; ) {
    const end = tokenEnd(literal, at);
    const patternEnd = tokenEnd(pattern, patternAt);
    if (end === at) return false;
    if (patternEnd === pattern.length && isFull(pattern, patternAt, patternEnd))
      return hasWholeTokensFrom(literal, end);
    if (!isStar(pattern, patternAt, patternEnd) && !isSameText(literal, at, end, pattern, patternAt, patternEnd)) {
      return false;
    }
    if (end === literal.length || patternEnd === pattern.length) {
      return end === literal.length && patternEnd === pattern.length;
    }
    at = end + 1;
    patternAt = patternEnd + 1;
  }
}

/**
 * Every subject that `narrow` matches, `wide` matches too.
 *
 * NATS servers take a token of `wide` that merely begins with `*` for a `*` when it meets a literal, and ask nothing of
 * the tokens that a `>` covers. Mappings, imports and exports depend on this answer, so it is the same here.
 */
export function isSubset(narrow: string, wide: string): boolean {
  for (let at = 0, wideAt = 0; ; ) {
    const end = tokenEnd(narrow, at);
    const wideEnd = tokenEnd(wide, wideAt);
    if (isFull(wide, wideAt, wideEnd)) return narrow !== '';
    if (!coversToken(wide, wideAt, wideEnd, narrow, at, end)) return false;
    if (end === narrow.length || wideEnd === wide.length) {
      return end === narrow.length && wideEnd === wide.length;
    }
    at = end + 1;
    wideAt = wideEnd + 1;
  }
}

function coversToken(wide: string, wideAt: number, wideEnd: number, narrow: string, at: number, end: number): boolean {
  if (end === at || isFull(narrow, at, end)) return false;
  const beginsWithStar = wideAt < wideEnd && wide.charCodeAt(wideAt) === STAR;
  if (beginsWithStar && !isStar(narrow, at, end)) return true;
  return isSameText(narrow, at, end, wide, wideAt, wideEnd);
}

/** Some literal subject matches both. */
export function collide(one: string, other: string): boolean {
  for (let at = 0, otherAt = 0; ; ) {
    const end = tokenEnd(one, at);
    const otherEnd = tokenEnd(other, otherAt);
    if (isFull(one, at, end) || isFull(other, otherAt, otherEnd)) return true;
    const isFree = isStar(one, at, end) || isStar(other, otherAt, otherEnd);
    if (!isFree && !isSameText(one, at, end, other, otherAt, otherEnd)) return false;
    if (end === one.length || otherEnd === other.length) return end === one.length && otherEnd === other.length;
    at = end + 1;
    otherAt = otherEnd + 1;
  }
}

/** The n-th token, counted from 1; empty when there is none. */
export function tokenAt(subject: string, position: number): string {
  let start = 0;
  for (let count = 1; start <= subject.length; count++) {
    const end = tokenEnd(subject, start);
    if (count === position) return subject.slice(start, end);
    start = end + 1;
  }
  return '';
}

export function tokenCount(subject: string): number {
  if (subject === '') return 0;
  let count = 1;
  for (let dot = subject.indexOf('.'); dot >= 0; dot = subject.indexOf('.', dot + 1)) count++;
  return count;
}

/** Whether all that follows a token's end, if anything does, are tokens with something in them. */
function hasWholeTokensFrom(subject: string, end: number): boolean {
  for (let at = end; at < subject.length; ) {
    const next = tokenEnd(subject, at + 1);
    if (next === at + 1) return false;
    at = next;
  }
  return true;
}

function tokenEnd(subject: string, start: number): number {
  const dot = subject.indexOf('.', start);
  return dot < 0 ? subject.length : dot;
}

function isStar(subject: string, start: number, end: number): boolean {
  return end - start === 1 && subject.charCodeAt(start) === STAR;
}

function isFull(subject: string, start: number, end: number): boolean {
  return end - start === 1 && subject.charCodeAt(start) === FULL;
}

function isSameText(one: string, at: number, end: number, other: string, otherAt: number, otherEnd: number): boolean {
  if (end - at !== otherEnd - otherAt) return false;
  for (let index = 0; index < end - at; index++) {
    if (one.charCodeAt(at + index) !== other.charCodeAt(otherAt + index)) return false;
  }
  return true;
}
