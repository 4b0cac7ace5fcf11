/** The words a line between servers of a cluster may begin with. */

export const RouteVerb = {
  connect: 0,
  info: 1,
  ping: 2,
  pong: 3,
  ok: 4,
  err: 5,
  subscribe: 6,
  unsubscribe: 7,
  leafSubscribe: 8,
  leafUnsubscribe: 9,
  accountSubscribe: 10,
  accountUnsubscribe: 11,
  message: 12,
  headerMessage: 13,
  leafMessage: 14,
  /** What is there could still become a verb. */
  incomplete: -1,
  unknown: -2,
} as const;

const WORDS = [
  'connect',
  'info',
  'ping',
  'pong',
  '+ok',
  '-err',
  'rs+',
  'rs-',
  'ls+',
  'ls-',
  'a+',
  'a-',
  'rmsg',
  'hmsg',
  'lmsg',
];

const LETTERS = WORDS.map((word) => Buffer.from(word, 'latin1'));

export function lengthOf(verb: number): number {
  return LETTERS[verb]!.length;
}

/** Of all verbs at most one fits what is there when it is complete; capitals do not matter. */
export function matchRouteVerb(bytes: Uint8Array, at: number, end: number): number {
  let answer: number = RouteVerb.unknown;
  for (let verb = 0; verb < LETTERS.length; verb++) {
    const word = LETTERS[verb]!;
    let same = 0;
    while (same < word.length && at + same < end && lower(bytes[at + same]!) === word[same]) same++;
    if (same === word.length) return verb;
    if (at + same === end) answer = RouteVerb.incomplete;
  }
  return answer;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
