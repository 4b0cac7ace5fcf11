/** What servers say to each other: each line and what it means, however the network splits it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ANY_ORIGIN, type LinkFrame, LinkParser } from '../../../protocols/link/link-parser.ts';
import { ROUTE_DIALECT, subscribeText, unsubscribeText } from '../../../protocols/route/frames.ts';

class Hearer {
  isHalted = false;
  namesAccounts = true;
  namesOrigins = true;
  readonly lineMax = 1024;
  payloadMax = -1;
  readonly heard: unknown[][] = [];
  readonly frame: LinkFrame;
  readonly parser: LinkParser;

  constructor() {
    const bytes = Buffer.alloc(0);
    this.frame = {
      bytes,
      subjectBytes: bytes,
      subjectStart: 0,
      subjectEnd: 0,
      replyBytes: bytes,
      replyStart: 0,
      replyEnd: 0,
      sizesStart: 0,
      sizesEnd: 0,
      headerStart: 0,
      headerLength: 0,
      bodyStart: 0,
      bodyEnd: 0,
      isCanonical: false,
    };
    this.parser = new LinkParser(ROUTE_DIALECT, this.frame);
  }

  /** As the network may bring it: in two pieces, the second behind what was left of the first. */
  hear(text: string, splitAt: number): unknown[][] {
    const whole = Buffer.from(text, 'latin1');
    const used = splitAt === 0 ? 0 : this.parser.parse(whole.subarray(0, splitAt), 0, splitAt, this);
    if (!this.isHalted) this.parser.parse(whole, used, whole.length, this);
    return this.heard;
  }

  message(): void {
    const { frame, parser } = this;
    const text = (start: number, end: number): string => frame.bytes.toString('latin1', start, end);
    this.heard.push([
      'message',
      text(parser.originStart, parser.originEnd),
      text(parser.accountStart, parser.accountEnd),
      text(frame.subjectStart, frame.subjectEnd),
      text(frame.replyStart, frame.replyEnd),
      text(parser.groupsStart, parser.groupsEnd),
      text(frame.headerStart, frame.headerStart + frame.headerLength),
      text(frame.bodyStart, frame.bodyEnd),
      ...(frame.isCanonical ? [] : ['rebuilt']),
    ]);
  }

  subscribe(origin: string, subject: string, queue: string, weight: number): void {
    this.heard.push(['wants', origin, this.account(), subject, queue, weight]);
  }

  unsubscribe(origin: string, subject: string, queue: string): void {
    this.heard.push(['no longer', origin, this.account(), subject, queue]);
  }

  connect(json: string): void {
    this.heard.push(['connect', json]);
  }

  info(json: string): void {
    this.heard.push(['info', json]);
  }

  ping(): void {
    this.heard.push(['ping']);
  }

  pong(): void {
    this.heard.push(['pong']);
  }

  remoteError(text: string): void {
    this.heard.push(['error', text]);
  }

  fail(failure: string): void {
    this.heard.push(['fails', failure]);
    this.isHalted = true;
  }

  private account(): string {
    const { accountStart, accountEnd } = this.parser;
    return this.frame.bytes.toString('latin1', accountStart, accountEnd);
  }
}

interface Way {
  readonly namesAccounts?: boolean;
  readonly namesOrigins?: boolean;
  readonly payloadMax?: number;
}

const DEDICATED: Way = { namesAccounts: false };
const OLD: Way = { namesOrigins: false };
const HEADER = 'NATS/1.0\r\nX: 1\r\n\r\n';

const LINES: readonly (readonly [text: string, meaning: readonly unknown[], way?: Way])[] = [
  ['PING\r\n', ['ping']],
  ['pong\r\n', ['pong']],
  ['PING\n', ['ping']],
  ["-ERR 'Stale Connection'\r\n", ['error', "'Stale Connection'"]],
  ['CONNECT {"a": 1}\r\n', ['connect', '{"a": 1}']],
  ['INFO {"server_id":"N"} \r\n', ['info', '{"server_id":"N"}']],
  ['RS+ APP foo.bar\r\n', ['wants', '', 'APP', 'foo.bar', '', 1]],
  ['RS+ APP foo.bar workers 3\r\n', ['wants', '', 'APP', 'foo.bar', 'workers', 3]],
  ['rs+  APP\tfoo.bar \r\n', ['wants', '', 'APP', 'foo.bar', '', 1]],
  ['RS- APP foo.bar\r\n', ['no longer', '', 'APP', 'foo.bar', '']],
  ['RS- APP foo.bar workers\r\n', ['no longer', '', 'APP', 'foo.bar', 'workers']],
  ['RS+ foo.bar\r\n', ['wants', '', '', 'foo.bar', '', 1], DEDICATED],
  ['RS+ foo.bar g 2\r\n', ['wants', '', '', 'foo.bar', 'g', 2], DEDICATED],
  ['RS- foo.bar g\r\n', ['no longer', '', '', 'foo.bar', 'g'], DEDICATED],
  ['LS+ L APP from.leaf\r\n', ['wants', 'L', 'APP', 'from.leaf', '', 1]],
  ['LS+ _ APP nc.q g 2\r\n', ['wants', '_', 'APP', 'nc.q', 'g', 2]],
  ['LS+ L from.leaf\r\n', ['wants', 'L', '', 'from.leaf', '', 1], DEDICATED],
  ['LS- L APP lq g\r\n', ['no longer', 'L', 'APP', 'lq', 'g']],
  ['LS-  APP lq g\r\n', ['no longer', ANY_ORIGIN, 'APP', 'lq', 'g'], OLD],
  ['RMSG APP foo.bar 5\r\nhello\r\n', ['message', '', 'APP', 'foo.bar', '', '', '', 'hello']],
  ['RMSG APP foo.bar my.reply 0\r\n\r\n', ['message', '', 'APP', 'foo.bar', 'my.reply', '', '', '']],
  ['RMSG APP q.one | workers audit 4\r\nwork\r\n', ['message', '', 'APP', 'q.one', '', 'workers audit', '', 'work']],
  ['RMSG APP q.one + my.reply w a 4\r\nwork\r\n', ['message', '', 'APP', 'q.one', 'my.reply', 'w a', '', 'work']],
  ['RMSG foo 2\r\nhi\r\n', ['message', '', '', 'foo', '', '', '', 'hi'], DEDICATED],
  ['RMSG foo | g 2\r\nhi\r\n', ['message', '', '', 'foo', '', 'g', '', 'hi'], DEDICATED],
  ['RMSG  APP foo  2\r\nhi\r\n', ['message', '', 'APP', 'foo', '', '', '', 'hi']],
  ['RMSG APP foo 2\nhi\r\n', ['message', '', 'APP', 'foo', '', '', '', 'hi', 'rebuilt']],
  [`HMSG APP foo 18 20\r\n${HEADER}hi\r\n`, ['message', '', 'APP', 'foo', '', '', HEADER, 'hi']],
  [`HMSG APP foo r 18 18\r\n${HEADER}\r\n`, ['message', '', 'APP', 'foo', 'r', '', HEADER, '']],
  [`HMSG APP foo + r g 18  20\r\n${HEADER}hi\r\n`, ['message', '', 'APP', 'foo', 'r', 'g', HEADER, 'hi', 'rebuilt']],
  ['LMSG L APP from.b 0 3\r\nL2B\r\n', ['message', 'L', 'APP', 'from.b', '', '', '', 'L2B']],
  ['LMSG L APP aq + rep g 0 1\r\nq\r\n', ['message', 'L', 'APP', 'aq', 'rep', 'g', '', 'q']],
  [`LMSG L aq | g 18 19\r\n${HEADER}q\r\n`, ['message', 'L', '', 'aq', '', 'g', HEADER, 'q'], DEDICATED],
];

for (const [text, meaning, way = {}] of LINES) {
  test(`${JSON.stringify(text)} is understood wherever it is split`, () => {
    for (let at = 0; at <= text.length; at++) {
      const hearer = Object.assign(new Hearer(), way);
      const twice = `${text}${text}`;
      assert.equal(hearer.hear(twice, at), [meaning, meaning], `split at ${at}`);
    }
  });
}

test('what means nothing here is passed over', () => {
  assert.equal(new Hearer().hear('+OK\r\nA+ APP\r\nA- APP\r\nPING\r\n', 0), [['ping']]);
});

test('a message may be for more groups than most', () => {
  const groups = Array.from({ length: 500 }, (_, index) => `g${index}`).join(' ');
  const hearer = new Hearer();
  Object.assign(hearer, { lineMax: 10_000 });
  assert.equal(hearer.hear(`RMSG A s | ${groups} 1\r\nx\r\n`, 7), [['message', '', 'A', 's', '', groups, '', 'x']]);
});

test('how long a message will be is known from its line on', () => {
  const hearer = new Hearer();
  const bytes = Buffer.from('PING\r\nRMSG A s 100\r\nabc');
  assert.is(hearer.parser.parse(bytes, 0, bytes.length, hearer), 6);
  assert.is(hearer.parser.needed, 'RMSG A s 100\r\n'.length + 102);
});

const WRONG: readonly (readonly [text: string, failure: string, way?: Way])[] = [
  ['SUB a 1\r\n', 'unknown-operation'],
  ['X', 'unknown-operation'],
  ['RS+ APP\r\n', 'malformed'],
  ['RS+ APP a g\r\n', 'malformed'],
  ['RS+ APP a g x\r\n', 'malformed'],
  ['RS+ APP a g 1 2\r\n', 'malformed'],
  ['RS- APP a g 1\r\n', 'malformed'],
  ['RMSG APP 1\r\n', 'malformed'],
  ['RMSG APP a -1\r\n', 'malformed'],
  ['RMSG APP a 1234567890\r\n', 'malformed'],
  ['RMSG APP a ! r 1\r\nx\r\n', 'malformed'],
  ['RMSG APP a 1\r\nxy\r\n', 'malformed'],
  ['HMSG APP a 5 2\r\n', 'malformed'],
  ['RMSG APP a 3\r\nabc\r\n', 'payload-too-large', { payloadMax: 2 }],
  [`RS+ APP ${'a'.repeat(2000)}`, 'line-too-long'],
];

for (const [text, failure, way = {}] of WRONG) {
  test(`${JSON.stringify(text.slice(0, 30))} is refused: ${failure}`, () => {
    assert.equal(Object.assign(new Hearer(), way).hear(text, 0), [['fails', failure]]);
  });
}

test('lines of interest are written as they are read', () => {
  const account = 'APP';
  for (const origin of ['', 'L', '_']) {
    for (const [queue, weight] of [
      ['', 1],
      ['g', 7],
    ] as const) {
      const wants = subscribeText({ account, origin }, 'a.*', queue, weight);
      const noLonger = unsubscribeText({ account, origin }, 'a.*', queue);
      assert.equal(new Hearer().hear(wants + noLonger, 0), [
        ['wants', origin, account, 'a.*', queue, weight],
        ['no longer', origin, account, 'a.*', queue],
      ]);
    }
  }
  assert.is(unsubscribeText({ account, origin: '' }, 'a', 'g', true), 'LS- APP a g\r\n');
});

test.run();
