/** What servers say to each other, as bytes and as what is made of them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LEAF_DIALECT, subscribeText, unsubscribeText } from '../../../protocols/leaf/frames.ts';
import type { Dialect } from '../../../protocols/link/dialect.ts';
import { type LinkFailure, type LinkFrame, type LinkHandler, LinkParser } from '../../../protocols/link/link-parser.ts';
import { ROUTE_DIALECT } from '../../../protocols/route/frames.ts';

function newFrame(): LinkFrame {
  const bytes = Buffer.alloc(0);
  return {
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
}

/** Writes down what it is told. */
class Scribe implements LinkHandler {
  readonly said: string[] = [];
  isHalted = false;
  readonly lineMax = 200;
  payloadMax = 1000;
  readonly namesAccounts: boolean;
  readonly namesOrigins = true;
  private readonly frame = newFrame();
  readonly parser: LinkParser;

  constructor(dialect: Dialect) {
    this.namesAccounts = dialect === ROUTE_DIALECT;
    this.parser = new LinkParser(dialect, this.frame);
  }

  /** In pieces, as a connection does: what was not used is there again with more behind it. */
  read(pieces: readonly Buffer[]): void {
    let rest = Buffer.alloc(0);
    for (const piece of pieces) {
      rest = Buffer.concat([rest, piece]);
      rest = Buffer.from(rest.subarray(this.parser.parse(rest, 0, rest.length, this)));
    }
    if (rest.length > 0) this.said.push(`rest ${rest.length}`);
  }

  message(): void {
    const { frame, parser } = this;
    const text = (start: number, end: number): string => frame.bytes.toString('latin1', start, end);
    const parts = [
      ['account', text(parser.accountStart, parser.accountEnd)],
      ['origin', text(parser.originStart, parser.originEnd)],
      ['subject', text(frame.subjectStart, frame.subjectEnd)],
      ['reply', text(frame.replyStart, frame.replyEnd)],
      ['groups', text(parser.groupsStart, parser.groupsEnd)],
      ['header', text(frame.headerStart, frame.headerStart + frame.headerLength)],
      ['body', text(frame.bodyStart, frame.bodyEnd)],
    ].filter(([, value]) => value !== '');
    this.said.push(`message ${parts.map(([name, value]) => `${name}=${value}`).join(' ')}`);
  }

  subscribe(origin: string, subject: string, queue: string, weight: number): void {
    this.said.push(`+ ${this.account()}${origin}|${subject}|${queue}|${weight}`);
  }

  unsubscribe(origin: string, subject: string, queue: string): void {
    this.said.push(`- ${this.account()}${origin}|${subject}|${queue}`);
  }

  private account(): string {
    const { accountStart, accountEnd } = this.parser;
    return this.namesAccounts ? `${this.frame.bytes.toString('latin1', accountStart, accountEnd)}/` : '';
  }

  connect(json: string): void {
    this.said.push(`connect ${json}`);
  }

  info(json: string): void {
    this.said.push(`info ${json}`);
  }

  ping(): void {
    this.said.push('ping');
  }

  pong(): void {
    this.said.push('pong');
  }

  remoteError(text: string): void {
    this.said.push(`error ${text}`);
  }

  fail(failure: LinkFailure): void {
    this.said.push(`fail ${failure}`);
    this.isHalted = true;
  }
}

type Table = readonly (readonly [bytes: string, said: string])[];

const COMMON: Table = [
  ['PING\r\n', 'ping'],
  ['ping\r\n', 'ping'],
  ['PONG\r\n', 'pong'],
  ["-ERR 'Loop detected'\r\n", "error 'Loop detected'"],
  ['INFO {"a":1} \r\n', 'info {"a":1}'],
  ['CONNECT {"a":"b c"}\r\n', 'connect {"a":"b c"}'],
];

const LEAF: Table = [
  ...COMMON,
  ['LS+ a\r\n', '+ |a||1'],
  ['LS+ a.* g 3\r\n', '+ |a.*|g|3'],
  ['ls+\ta  g\t0\r\n', '+ |a|g|0'],
  ['LS- a\r\n', '- |a|'],
  ['LS- a g\r\n', '- |a|g'],
  ['LMSG a 2\r\nhi\r\n', 'message subject=a body=hi'],
  ['LMSG a 0\r\n\r\n', 'message subject=a'],
  ['LMSG a r 2\r\nhi\r\n', 'message subject=a reply=r body=hi'],
  ['LMSG a | g 2\r\nhi\r\n', 'message subject=a groups=g body=hi'],
  ['LMSG a | g h 2\r\n\r\n\r\n', 'message subject=a groups=g h body=\r\n'],
  ['LMSG a + r g 2\r\nhi\r\n', 'message subject=a reply=r groups=g body=hi'],
  ['LMSG a + r g h i 2\r\nhi\r\n', 'message subject=a reply=r groups=g h i body=hi'],
  ['HMSG a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n', 'message subject=a header=NATS/1.0\r\n\r\n body=hi'],
  ['HMSG a r 12 12\r\nNATS/1.0\r\n\r\n\r\n', 'message subject=a reply=r header=NATS/1.0\r\n\r\n'],
  ['HMSG a + r g 12 12\r\nNATS/1.0\r\n\r\n\r\n', 'message subject=a reply=r groups=g header=NATS/1.0\r\n\r\n'],
  ['HMSG a | g 12 12\r\nNATS/1.0\r\n\r\n\r\n', 'message subject=a groups=g header=NATS/1.0\r\n\r\n'],
];

const ROUTE: Table = [
  ...COMMON,
  ['RS+ A a\r\n', '+ A/|a||1'],
  ['RS+ A a g 7\r\n', '+ A/|a|g|7'],
  ['RS- A a\r\n', '- A/|a|'],
  ['LS+ L A a\r\n', '+ A/L|a||1'],
  ['LS+ L A a g 2\r\n', '+ A/L|a|g|2'],
  ['LS- L A a g\r\n', '- A/L|a|g'],
  ['RMSG A a 2\r\nhi\r\n', 'message account=A subject=a body=hi'],
  ['RMSG A a + r g 2\r\nhi\r\n', 'message account=A subject=a reply=r groups=g body=hi'],
  ['LMSG L A a 0 2\r\nhi\r\n', 'message account=A origin=L subject=a body=hi'],
  [
    'LMSG L A a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n',
    'message account=A origin=L subject=a reply=r header=NATS/1.0\r\n\r\n body=hi',
  ],
];

const TABLES = [
  ['leafs', LEAF_DIALECT, LEAF],
  ['routes', ROUTE_DIALECT, ROUTE],
] as const;

for (const [who, dialect, table] of TABLES) {
  test(`each line of ${who} is understood, wherever it is cut in two`, () => {
    for (const [text, said] of table) {
      const bytes = Buffer.from(text, 'latin1');
      for (let cut = 0; cut < bytes.length; cut++) {
        const scribe = new Scribe(dialect);
        scribe.read([bytes.subarray(0, cut), bytes.subarray(cut)]);
        assert.equal(scribe.said, [said], `${JSON.stringify(text)} cut at ${cut}`);
      }
    }
  });

  test(`all lines of ${who} one after the other are understood, byte by byte and at once`, () => {
    const bytes = Buffer.from(table.map(([text]) => text).join(''), 'latin1');
    const expected = table.map(([, said]) => said);
    const slow = new Scribe(dialect);
    slow.read(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)));
    assert.equal(slow.said, expected);
    const fast = new Scribe(dialect);
    fast.read([bytes]);
    assert.equal(fast.said, expected);
  });
}

const REJECTED: readonly (readonly [bytes: string, failure: LinkFailure])[] = [
  ['SUB a 1\r\n', 'unknown-operation'],
  ['PUB a 1\r\nx\r\n', 'unknown-operation'],
  ['RS+ a\r\n', 'unknown-operation'],
  ['A+ a\r\n', 'unknown-operation'],
  ['LS+\r\n', 'malformed'],
  ['LS+ a g\r\n', 'malformed'],
  ['LS+ a g x\r\n', 'malformed'],
  ['LS+ a g -1\r\n', 'malformed'],
  ['LS+ a g 1 2\r\n', 'malformed'],
  ['LS- a g h\r\n', 'malformed'],
  ['LMSG a\r\n', 'malformed'],
  ['LMSG a -1\r\n', 'malformed'],
  ['LMSG a 9999999999\r\n', 'malformed'],
  ['LMSG a x\r\n', 'malformed'],
  ['LMSG a * r g 1\r\nx\r\n', 'malformed'],
  ['LMSG a ++ r 1\r\nx\r\n', 'malformed'],
  ['LMSG a 1\r\nxx\r\n', 'malformed'],
  ['HMSG a 12\r\n', 'malformed'],
  ['HMSG a 14 12\r\n', 'malformed'],
  ['LMSG a 1001\r\n', 'payload-too-large'],
  ['HMSG a 12 1001\r\n', 'payload-too-large'],
  [`LS+ ${'a'.repeat(300)}\r\n`, 'line-too-long'],
  [`LS+ ${'a'.repeat(300)}`, 'line-too-long'],
];

test('what makes no sense on a leaf connection is named for what it is', () => {
  for (const [text, failure] of REJECTED) {
    const scribe = new Scribe(LEAF_DIALECT);
    scribe.read([Buffer.from(text, 'latin1')]);
    assert.equal(scribe.said, [`fail ${failure}`], JSON.stringify(text.slice(0, 40)));
  }
});

test('a message as large as allowed passes, one byte more does not', () => {
  for (const [size, said] of [
    [1000, 'message'],
    [1001, 'fail payload-too-large'],
  ] as const) {
    const scribe = new Scribe(LEAF_DIALECT);
    scribe.read([Buffer.from(`LMSG a ${size}\r\n${'x'.repeat(size)}\r\n`)]);
    assert.ok(scribe.said[0]?.startsWith(said), scribe.said[0]);
  }
});

test('of a message whose line is there it is known how long it will be', () => {
  const scribe = new Scribe(LEAF_DIALECT);
  const bytes = Buffer.from('LMSG a 500\r\nx');
  assert.is(scribe.parser.parse(bytes, 0, bytes.length, scribe), 0);
  assert.is(scribe.parser.needed, 'LMSG a 500\r\n'.length + 500 + 2);
});

test('interest is written as it is read', () => {
  assert.is(subscribeText('a.*', '', 9), 'LS+ a.*\r\n');
  assert.is(subscribeText('a', 'g', 9), 'LS+ a g 9\r\n');
  assert.is(unsubscribeText('a', ''), 'LS- a\r\n');
  assert.is(unsubscribeText('a', 'g'), 'LS- a g\r\n');
});

test.run();
