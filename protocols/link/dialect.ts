/** The words a line between servers may begin with, by the kind of line. */

export const LinkVerb = {
  connect: 0,
  info: 1,
  ping: 2,
  pong: 3,
  ok: 4,
  err: 5,
  subscribe: 6,
  unsubscribe: 7,
  /** Interest of a leaf's cluster, which is named. */
  leafSubscribe: 8,
  leafUnsubscribe: 9,
  accountSubscribe: 10,
  accountUnsubscribe: 11,
  message: 12,
  headerMessage: 13,
  /** A message from a leaf's cluster, which is named. */
  leafMessage: 14,
  /** What is there could still become a verb. */
  incomplete: -1,
  unknown: -2,
} as const;

interface Word {
  readonly verb: number;
  readonly letters: Uint8Array;
}

export interface Dialect {
  /** Each in small letters. */
  readonly words: readonly Word[];
  /** How most messages begin, with the blank behind it. */
  readonly usual: Uint8Array;
  /** By verb, how long its word is. */
  readonly lengths: readonly number[];
}

export function defineDialect(usual: string, words: Readonly<Record<string, number>>): Dialect {
  const list = Object.entries(words).map(([word, verb]) => ({ verb, letters: Buffer.from(word, 'latin1') }));
  const lengths: number[] = [];
  for (const { verb, letters } of list) lengths[verb] = letters.length;
  return { words: list, usual: Buffer.from(`${usual} `, 'latin1'), lengths };
}

/** What all say. */
export const COMMON_WORDS = {
  connect: LinkVerb.connect,
  info: LinkVerb.info,
  ping: LinkVerb.ping,
  pong: LinkVerb.pong,
  '+ok': LinkVerb.ok,
  '-err': LinkVerb.err,
  hmsg: LinkVerb.headerMessage,
};

/** Of all words at most one fits what is there when it is complete; capitals do not matter. */
export function matchVerb({ words }: Dialect, bytes: Uint8Array, at: number, end: number): number {
  let answer: number = LinkVerb.unknown;
  for (let index = 0; index < words.length; index++) {
    const { verb, letters } = words[index]!;
    let same = 0;
    while (same < letters.length && at + same < end && small(bytes[at + same]!) === letters[same]) same++;
    if (same === letters.length) return verb;
    if (at + same === end) answer = LinkVerb.incomplete;
  }
  return answer;
}

export function isUsualMessage({ usual }: Dialect, bytes: Uint8Array, at: number, end: number): boolean {
  if (at + usual.length > end) return false;
  for (let index = 0; index < usual.length; index++) if (bytes[at + index] !== usual[index]) return false;
  return true;
}

function small(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
