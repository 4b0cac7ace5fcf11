/** The words a client may begin a line with. */

const CONNECT = 0;
const INFO = 1;
const PING = 2;
const PONG = 3;
const PUB = 4;
const HPUB = 5;
const SUB = 6;
const UNSUB = 7;
const OK = 8;
const ERR = 9;

const WORDS = ['connect', 'info', 'ping', 'pong', 'pub', 'hpub', 'sub', 'unsub', '+ok', '-err'];

export const Verb = {
  connect: CONNECT,
  info: INFO,
  ping: PING,
  pong: PONG,
  pub: PUB,
  hpub: HPUB,
  sub: SUB,
  unsub: UNSUB,
  ok: OK,
  err: ERR,
  /** What is there could still become a verb. */
  incomplete: -1,
  unknown: -2,
  length: WORDS.map((word) => word.length),
  takesNoArgument: (verb: number): boolean => verb === PING || verb === PONG || verb === OK,
  wantsBlank: (verb: number): boolean => verb !== CONNECT && verb !== INFO,
};

export function matchVerb(bytes: Uint8Array, at: number, end: number): number {
  const candidate = candidateFor(bytes, at, end);
  if (candidate < 0) return candidate;
  const word = WORDS[candidate];
  for (let index = 0; index < word.length; index++) {
    if (at + index >= end) return Verb.incomplete;
    if (lower(bytes[at + index]) !== word.charCodeAt(index)) return Verb.unknown;
  }
  return candidate;
}

/** The one verb that begins like this; only PING, PONG and PUB need a look at their second and third letters. */
function candidateFor(bytes: Uint8Array, at: number, end: number): number {
  switch (lower(bytes[at])) {
    case 0x63:
      return CONNECT;
    case 0x69:
      return INFO;
    case 0x70:
      if (at + 1 >= end) return Verb.incomplete;
      return lower(bytes[at + 1]) === 0x69 ? PING : lower(bytes[at + 1]) === 0x6f ? PONG : PUB;
    case 0x68:
      return HPUB;
    case 0x73:
      return SUB;
    case 0x75:
      return UNSUB;
    case 0x2b:
      return OK;
    case 0x2d:
      return ERR;
    default:
      return Verb.unknown;
  }
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

/** How many bytes are the beginning of a verb, its end included. */
export function lettersOfVerb(bytes: Uint8Array, at: number, end: number): number {
  const candidate = candidateFor(bytes, at, end);
  const word = candidate < 0 ? '' : WORDS[candidate];
  let count = 0;
  while (count < word.length && at + count < end && lower(bytes[at + count]) === word.charCodeAt(count)) count++;
  return count;
}

/** Where the reference server's parser stands after the first letter of a verb, as its log counts. */
const FIRST_STATES = [10, 71, 33, 36, 29, 18, 43, 59, 1, 4];

/** Where it stands after so many letters. */
export function stateOfVerb(bytes: Uint8Array, at: number, letters: number): number {
  const candidate = candidateFor(bytes, at, at + Math.max(letters, 2));
  return letters === 0 || candidate < 0 ? 0 : FIRST_STATES[candidate] + letters - 1;
}
