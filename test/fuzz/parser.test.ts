/** The client parser against a plain reading of the same bytes, over many generated and damaged streams. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { anyFrame, greeting } from './frames.ts';
import { mutate } from './mutations.ts';
import { type Reading, type Rules, readStream } from './oracle.ts';
import { type Run, runParser } from './parser-run.ts';
import { chosenSeed, Seeded } from './seeded.ts';

const FRAMES = 1_000_000;
const FRAMES_PER_STREAM = 8;
const USUAL: Rules = { lineMax: 4096, payloadMax: 1_048_576, takesHeaders: true };
const NARROW: Rules = { lineMax: 40, payloadMax: 100, takesHeaders: false };

/** Streams that between them hold every verb, every spelling and every way to fail. */
const TABLE = [
  'CONNECT {"verbose":false,"headers":true}\r\nPING\r\nPONG\r\n+OK\r\nINFO {}\r\n',
  'connect{}\npInG x\npong\t\n+ok\n',
  'SUB a 1\r\nSUB a q 2\r\nsub\t a  3 \nUNSUB 1\r\nUNSUB 2 5\r\nunsub 3 x\n',
  'PUB a 5\r\nhello\r\nPUB a 5\r\nhello\r\nPUB a re.ply 0\r\n\r\nPUB ab 002\r\nhi\r\n',
  'PUB 12 3\r\nabc\r\nPUB a 12 3\r\nabc\r\nPUB a 1x 3\r\nabc\r\npub\ta 1\nx\r\n',
  'HPUB a 12 13\r\nNATS/1.0\r\n\r\nx\r\nHPUB a r 12 12\r\nNATS/1.0\r\n\r\n\r\nHPUB a 0 1\r\nx\r\n',
  'HPUB  a   r  012   014 \nNATS/1.0\r\n\r\nhi\r\nHPUB a 0 0\r\n\r\n',
  'PUB a 12\r\nPING\r\nPONG\r\n\r\nPING\r\n',
  "PING\r\n-ERR 'x'\r\nPING\r\n",
  'PING\r\nFOO\r\n',
  'PING\r\n\r\n',
  'PUB a 1\r\nxy\r\n',
  'PUB a 1\r\nx\n\n',
  'PUB a\r\n',
  'PUB a b c 1\r\nx\r\n',
  'PUB a -1\r\n',
  'PUB a 1234567890\r\n',
  'PUB a 999999999\r\n',
  'HPUB a 13 12\r\n',
  'SUB a\r\n',
  'SUB a b c d e f g\r\n',
  'UNSUB  \r\n',
  'UNSUB\r\n',
  'PUB\n',
  'SUBx',
  'P',
  'PUB a 3\r\nab',
  `SUB ${'a'.repeat(4094)} 1\r\nPING\r\n`,
  `SUB ${'a'.repeat(4095)} 1\r\nPING\r\n`,
  `PUB ${'a'.repeat(4093)} 10`,
  `PUB ${'a'.repeat(5000)}`,
];

test('every stream of the table means the same wherever it is cut', () => {
  for (const text of TABLE) {
    const reading = readStream(text, USUAL);
    compare(text, [], runParser(text, [], USUAL), reading);
    const step = text.length > 1000 ? 61 : 1;
    for (let cut = 0; cut <= text.length; cut += step) compare(text, [cut], runParser(text, [cut], USUAL), reading);
    if (text.length < 1000) compare(text, everywhere(text), runParser(text, everywhere(text), USUAL), reading);
  }
});

test('lines around the limit of their length mean the same wherever they are cut', () => {
  for (let length = NARROW.lineMax - 2; length <= NARROW.lineMax + 2; length++) {
    const word = 'a'.repeat(length - 2);
    for (const text of [`PUB ${word} 0\r\n\r\n`, `pub ${word} 0\n\r\n`, `SUB ${word} 1\r\n`, `UNSUB ${word}\t1`]) {
      const reading = readStream(text, NARROW);
      for (let cut = 0; cut <= text.length; cut++) compare(text, [cut], runParser(text, [cut], NARROW), reading);
    }
  }
});

test('every stream of the table means the same wherever it is cut twice', () => {
  for (const text of TABLE.filter((each) => each.length < 100)) {
    const reading = readStream(text, USUAL);
    for (let first = 0; first <= text.length; first++) {
      for (let second = first; second <= text.length; second++) {
        compare(text, [first, second], runParser(text, [first, second], USUAL), reading);
      }
    }
  }
});

test('a million frames, whole and damaged, mean what a plain reading says', () => {
  const seed = chosenSeed();
  for (let stream = 0; stream * FRAMES_PER_STREAM < FRAMES; stream++) {
    const chance = new Seeded((seed + stream * 2_654_435_761) % 4_294_967_296);
    const rules = chance.once(4) ? NARROW : USUAL;
    const text = generate(chance);
    const reading = readStream(text, rules);
    const cuts = someCuts(chance, text);
    guard(seed, stream, () => compare(text, cuts, runParser(text, cuts, rules), reading));
  }
});

test('generated streams mean the same at every cut', () => {
  const seed = chosenSeed();
  for (let stream = 0; stream < 300; stream++) {
    const chance = new Seeded(seed + stream);
    const text = generate(chance);
    const reading = readStream(text, USUAL);
    for (let cut = 0; cut <= text.length; cut++) {
      guard(seed, stream, () => compare(text, [cut], runParser(text, [cut], USUAL), reading));
    }
  }
});

function generate(chance: Seeded): string {
  let text = greeting(chance);
  for (let frame = 0; frame < FRAMES_PER_STREAM; frame++) {
    const next = anyFrame(chance);
    text += chance.once(10) ? mutate(chance, next) : next;
  }
  return chance.once(10) ? mutate(chance, text) : text;
}

function someCuts(chance: Seeded, text: string): number[] {
  if (chance.once(20)) return everywhere(text);
  return chance.many(4, () => chance.below(text.length + 1)).sort((a, b) => a - b);
}

function everywhere(text: string): number[] {
  return Array.from(text, (_, index) => index);
}

/** What the parser said must be what the plain reading says; where that is undecided, up to there. */
function compare(text: string, cuts: readonly number[], run: Run, reading: Reading): void {
  const events = reading.isUndecided ? run.events.slice(0, reading.events.length) : run.events;
  const isSame = isEqual(events, reading.events) && (reading.isUndecided || run.failure === reading.failure);
  const isUsedSame = reading.isUndecided || run.failure !== null || run.used === reading.used;
  if (isSame && isUsedSame) return;
  const { failure, used } = reading;
  assert.equal(run, { events: reading.events, failure, used }, `${JSON.stringify(text)} cut at ${cuts.join()}`);
  assert.unreachable(`${JSON.stringify(text)} cut at ${cuts.join()} uses ${run.used} bytes, not ${used}`);
}

function isEqual(left: readonly object[], right: readonly object[]): boolean {
  return left.length === right.length && left.every((event, index) => isSameEvent(event, right[index]));
}

function isSameEvent(left: object, right: object): boolean {
  const other = right as Record<string, unknown>;
  return Object.entries(left).every(([name, value]) => other[name] === value);
}

/** A failure says how to have it again. */
function guard(seed: number, stream: number, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw new Error(`GNATLET_SEED=${seed}, stream ${stream}: ${(error as Error).message}`, { cause: error });
  }
}

test.run();
