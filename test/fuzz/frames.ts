/**
 * Frames a client might send, each as a text of one character per byte: mostly well formed, spelled in every way the
 * protocol allows, with words from a small stock so that publishes meet subscriptions.
 */
import type { Seeded } from './seeded.ts';

const SUBJECTS = ['a', 'b', 'a.b', 'a.b.c', 'foo.bar', 'x'.repeat(40), 'caf\xc3\xa9', '$x.y', 'a\xff.b', 'é.\x01'];
const PATTERNS = ['>', '*', 'a.*', '*.b', 'a.>', '*.*', 'foo.>', 'foo.*', '*.>', 'a.b.*'];
const ODD_SUBJECTS = ['a..b', '.a', 'a.', '.', 'a.>.b', '>.a', 'f*o', 'a>', '_R_.x', '$JS.ACK.x', '_GR_.x', '$NRG.x'];
const SIDS = ['1', '2', '3', '10', 'x-y', '\xff'];
const QUEUES = ['q', 'r', 'q.>', '_sys_'];
const SIZES = ['', 'x', '-1', '+1', '1.0', '0x1', '1000000000', '999999999', '4294967297', '1e3'];

export const CONNECTS = [
  '{}',
  '{"verbose":false}',
  '{"verbose":true}',
  '{"verbose":false,"pedantic":false}',
  '{"verbose":false,"pedantic":true}',
  '{"verbose":false,"pedantic":false,"headers":true}',
  '{"verbose":false,"headers":true,"no_responders":true}',
  '{"verbose":false,"echo":false}',
  '{"headers":false}',
  'null',
  ' {"name":"\xc3\xa9","lang":"x","version":"1"} ',
];

const ODD_CONNECTS = ['{', '', '[]', '{"verbose":1}', '{"protocol":7}', '{"no_responders":true,"headers":false}'];

export function anyFrame(chance: Seeded): string {
  switch (chance.below(24)) {
    case 0:
      return `${verb(chance, 'CONNECT')}${chance.once(6) ? '' : blanks(chance)}${connectJson(chance)}${lineEnd(chance)}`;
    case 1:
    case 2:
      return `${verb(chance, 'PING')}${chance.once(4) ? ' whatever' : ''}${lineEnd(chance)}`;
    case 3:
      return chance.pick(['PONG\r\n', '+OK\r\n', 'pong x\n', '+ok\n', 'INFO {}\r\n', 'PONG\n']);
    case 4:
      return oddFrame(chance);
    case 5:
    case 6:
    case 7:
    case 8:
      return subscribe(chance);
    case 9:
    case 10:
      return unsubscribe(chance);
    case 11:
    case 12:
    case 13:
    case 14:
      return headerPublish(chance);
    default:
      return publish(chance);
  }
}

/** How a connection usually begins. */
export function greeting(chance: Seeded): string {
  return chance.once(5) ? '' : `CONNECT ${chance.pick(CONNECTS)}\r\n`;
}

function connectJson(chance: Seeded): string {
  return chance.pick(chance.once(8) ? ODD_CONNECTS : CONNECTS);
}

function publish(chance: Seeded): string {
  const body = payload(chance);
  const subject = chance.once(2) ? 'a.b' : anySubject(chance);
  return `${line(chance, 'PUB', [subject, ...reply(chance), size(chance, body.length)])}${body}\r\n`;
}

function headerPublish(chance: Seeded): string {
  const header = chance.pick(['NATS/1.0\r\n\r\n', 'NATS/1.0\r\nA: b\r\n\r\n', '', 'x', 'NATS/1.0 503\r\n\r\n']);
  const body = payload(chance);
  const sizes = [size(chance, header.length), size(chance, header.length + body.length)];
  return `${line(chance, 'HPUB', [anySubject(chance), ...reply(chance), ...sizes])}${header}${body}\r\n`;
}

function subscribe(chance: Seeded): string {
  const subject = chance.once(2) ? chance.pick(PATTERNS) : anySubject(chance);
  const queue = chance.once(4) ? [chance.pick(QUEUES)] : [];
  return line(chance, 'SUB', [subject, ...queue, chance.pick(SIDS)]);
}

function unsubscribe(chance: Seeded): string {
  const max = chance.once(2) ? [chance.pick(['0', '1', '2', '5', 'x', '-1', '100'])] : [];
  return line(chance, 'UNSUB', [chance.pick(SIDS), ...max]);
}

/** What should never have been sent. */
function oddFrame(chance: Seeded): string {
  const words = [
    'MSG a 1 1\r\nx',
    'FOO',
    '',
    ' PING',
    'PUB',
    'SUB',
    'UNSUB',
    'HPUB',
    '-ERR',
    'RS+ a b',
    '\x16\x03',
    'PUX a',
  ];
  const argumentCounts = ['PUB a', 'SUB a', 'PUB a b c 1', 'SUB a b c d', 'UNSUB 1 2 3', 'HPUB a 1', "-ERR 'x'"];
  if (chance.once(2)) return `${chance.pick(chance.once(2) ? words : argumentCounts)}${lineEnd(chance)}`;
  return `PUB a ${chance.pick(SIZES)}\r\nxx\r\n`;
}

function anySubject(chance: Seeded): string {
  if (chance.once(12)) return chance.pick(ODD_SUBJECTS);
  return chance.pick(chance.once(10) ? PATTERNS : SUBJECTS);
}

function reply(chance: Seeded): string[] {
  if (!chance.once(3)) return [];
  return [chance.pick(['r', 're.ply', '7', '12', 'a.b', chance.pick(ODD_SUBJECTS)])];
}

function payload(chance: Seeded): string {
  switch (chance.below(6)) {
    case 0:
      return '';
    case 1:
      return chance.pick(['\r\n', 'PING\r\n', '\r', '\n', 'PUB a 1\r\nx\r\n', '\x00\xff\xfe']);
    case 2:
      return 'y'.repeat(chance.below(200));
    default:
      return 'x'.repeat(1 + chance.below(16));
  }
}

/** The right size, seldom a wrong one. */
function size(chance: Seeded, length: number): string {
  if (chance.once(60)) return chance.pick(SIZES);
  if (chance.once(60)) return String(Math.max(0, length + chance.pick([-2, -1, 1, 2])));
  return `${chance.once(8) ? '00' : ''}${length}`;
}

function line(chance: Seeded, word: string, words: readonly string[]): string {
  if (chance.once(2)) return `${word} ${words.join(' ')}\r\n`;
  const text = words.reduce((all, each) => `${all}${blanks(chance)}${each}`, verb(chance, word));
  return `${text}${chance.once(5) ? blanks(chance) : ''}${lineEnd(chance)}`;
}

function verb(chance: Seeded, word: string): string {
  if (chance.once(2)) return word;
  return [...word].map((letter) => (chance.once(2) ? letter.toLowerCase() : letter)).join('');
}

function blanks(chance: Seeded): string {
  return chance.pick([' ', ' ', ' ', '  ', '\t', ' \t ']);
}

function lineEnd(chance: Seeded): string {
  return chance.once(4) ? '\n' : '\r\n';
}
