/** Patterns and names, held against the plainest way to find out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { collide } from '../../../kernel/routing/subject.ts';
import type { ImportRule } from '../../../plugins/account-sharing/contract.ts';
import { commonPattern } from '../../../plugins/account-sharing/rules/common-pattern.ts';
import { ImportsInForce } from '../../../plugins/account-sharing/rules/imports-in-force.ts';
import { MAPPINGS_MAX, MappingCache } from '../../../plugins/account-sharing/rules/mapping-cache.ts';
import { PatternIndex } from '../../../plugins/account-sharing/rules/pattern-index.ts';
import { compileMapping, type SubjectMapping } from '../../../plugins/account-sharing/rules/subject-mapping.ts';
import { samplingFields } from '../../../plugins/account-sharing/services/sampling-headers.ts';
import { serverHash } from '../../../plugins/account-sharing/services/server-hash.ts';
import { SubjectWriter } from '../../../plugins/account-sharing/streams/subject-writer.ts';
import { matches } from './isolation-model.ts';

const seed = Math.floor(Math.random() * 2 ** 32);
const random = FastRandom.fromSeed(seed);
const WORDS = ['a', 'b'];

function pattern(): string {
  const tokens = Array.from({ length: 1 + random.below(3) }, () => ['a', 'b', '*'][random.below(3)]!);
  return [...tokens, ...(random.below(4) === 0 ? ['>'] : [])].join('.');
}

/** Every subject of up to four tokens. */
function* subjects(prefix = '', depth = 4): Iterable<string> {
  for (const word of WORDS) {
    const subject = prefix === '' ? word : `${prefix}.${word}`;
    yield subject;
    if (depth > 1) yield* subjects(subject, depth - 1);
  }
}

const ALL = [...subjects()];

test(`what two patterns have in common is what both match (seed ${seed})`, () => {
  for (let round = 0; round < 2_000; round++) {
    const [one, other] = [pattern(), pattern()];
    const common = commonPattern(one, other);
    for (const subject of ALL) {
      const isBoth = matches(one, subject) && matches(other, subject);
      assert.is(
        common !== null && matches(common, subject),
        isBoth,
        `seed ${seed}: ${one}, ${other}: ${common}, ${subject}`,
      );
    }
  }
});

for (const count of [1, 8, 9, 60]) {
  test(`the index finds exactly those of ${count} patterns that collide (seed ${seed})`, () => {
    const index = new PatternIndex<number>();
    const stored = Array.from({ length: count }, () => pattern());
    for (const [at, each] of stored.entries()) index.add(each, at);
    const gone = new Set([...stored.keys()].filter(() => random.below(3) === 0));
    for (const at of gone) index.remove(stored[at]!, at);
    for (let round = 0; round < 500; round++) {
      const wanted = pattern();
      const expected = [...stored.keys()].filter((at) => !gone.has(at) && collide(stored[at]!, wanted));
      assert.equal(
        index.colliding(wanted).sort((a, b) => a - b),
        expected,
        `seed ${seed}: ${wanted}`,
      );
    }
  });
}

for (const count of [1, 8, 9, 60]) {
  test(`of ${count} imports in force those that collide and those in the way are found (seed ${seed})`, () => {
    const inForce = new ImportsInForce();
    const rules = Array.from({ length: count }, () => importRule());
    const stored = rules.flatMap((rule) => {
      const mapping = compileMapping(rule.subject, rule.localSubject) as SubjectMapping;
      if (inForce.rivalOf(rule, mapping) !== undefined) return [];
      inForce.add(rule, mapping);
      return [rule];
    });
    const kept = stored.filter((rule) => {
      if (random.below(3) > 0) return true;
      inForce.remove(rule);
      return false;
    });
    for (let round = 0; round < 300; round++) {
      const { kind, account, subject } = importRule();
      const note = `seed ${seed}: ${kind} ${account} ${subject}`;
      const found = new Set(inForce.colliding(kind, subject));
      const expected = kept.filter((rule) => rule.kind === kind && collide(rule.subject, subject));
      assert.equal(found, new Set(expected), note);
      assert.is(
        inForce.has(kind),
        kept.some((rule) => rule.kind === kind),
        note,
      );
      const rule = { ...importRule(), kind, account, subject, localSubject: subject };
      const rival = kept.find((other) => other.kind === kind && other.account === account && other.subject === subject);
      assert.is(inForce.rivalOf(rule, compileMapping(subject, subject) as SubjectMapping), rival, note);
    }
  });
}

function importRule(): ImportRule {
  const subject = pattern();
  const kind = random.below(2) === 0 ? 'stream' : 'service';
  const account = `A${random.below(2)}`;
  return { kind, account, subject, localSubject: subject, sharesRequester: false, allowsTrace: false };
}

test('equal imports have one mapping, and of too many all are forgotten', () => {
  const cache = new MappingCache();
  const rule = (subject: string): ImportRule => ({ ...importRule(), kind: 'stream', subject, localSubject: subject });
  const first = cache.mappingOf(rule('s.0'));
  assert.is(cache.mappingOf(rule('s.0')), first);
  for (let at = 1; at < MAPPINGS_MAX; at++) cache.mappingOf(rule(`s.${at}`));
  assert.is(cache.mappingOf(rule('s.0')), first);
  assert.is(cache.size, MAPPINGS_MAX);
  cache.mappingOf(rule('s.more'));
  assert.is(cache.size, 1);
  assert.is.not(cache.mappingOf(rule('s.0')), first);
});

const MAPPINGS: [subject: string, local: string, foreign: string, name: string][] = [
  ['a.>', 'a.>', 'a.b.c', 'a.b.c'],
  ['a.>', 'p.a.>', 'a.b.c', 'p.a.b.c'],
  ['v.*.*', 'x.$2.$1', 'v.1.2', 'x.2.1'],
  ['v.*.*', 'x.*.*', 'v.1.2', 'x.1.2'],
  ['*.b.*.>', '$2.{{wildcard(1)}}.>', '1.b.2.3.4', '2.1.3.4'],
  ['a', 'x.y.z', 'a', 'x.y.z'],
  ['v.*', 'x.$1.$1', 'v.1', 'x.1.1'],
];

for (const [subject, local, foreign, name] of MAPPINGS) {
  test(`${foreign} of ${subject} is ${name} under ${local}, and back`, () => {
    const mapping = compileMapping(subject, local) as SubjectMapping;
    const writer = new SubjectWriter(mapping.local, mapping.positions, mapping.restAt);
    const bytes = Buffer.from(`..${foreign}..`);
    const length = writer.write(bytes, 2, 2 + foreign.length);
    assert.is(writer.bytes.toString('latin1', 0, length), name);
    assert.is(mapping.toForeign(name), foreign);
    assert.ok(mapping.isReversible);
  });
}

test('a subject longer than any before is written whole', () => {
  const mapping = compileMapping('a.>', 'p.a.>') as SubjectMapping;
  const writer = new SubjectWriter(mapping.local, mapping.positions, mapping.restAt);
  const long = `a.${'x'.repeat(4_000)}`;
  const length = writer.write(Buffer.from(long), 0, long.length);
  assert.is(writer.bytes.toString('latin1', 0, length), `p.${long}`);
});

test('a subscription asks the exporter for no more than it may see', () => {
  const narrowed = (subject: string, local: string, wanted: string): string | null =>
    (compileMapping(subject, local) as SubjectMapping).narrowed(wanted);
  assert.is(narrowed('a.>', 'a.>', '>'), 'a.>');
  assert.is(narrowed('a.>', 'p.a.>', '*.a.x'), 'a.x');
  assert.is(narrowed('v.*.*', 'x.$2.$1', 'x.2.*'), 'v.*.2');
  assert.is(narrowed('v.*.*', 'x.$2.$1', 'y.>'), null);
  assert.is(narrowed('v.*', 'x.$1.$1', 'x.1.2'), null);
  assert.is(narrowed('v.*', 'x.$1.$1', 'x.1.*'), 'v.1');
  assert.is(narrowed('a', 'x', 'x'), 'a');
});

const SAMPLED: [header: string, fields: object | null][] = [
  ['Uber-Trace-Id: a:b:c:1\r\nUberctx-foo: 1', { 'Uber-Trace-Id': ['a:b:c:1'], 'Uberctx-Foo': ['1'] }],
  ['Uber-Trace-Id: a:b:c:2', null],
  ['Uber-Trace-Id: a:b:1', null],
  ['X-B3-Sampled: 1', { 'X-B3-Sampled': ['1'] }],
  ['x-b3-traceid: 4\r\nX-B3-SpanId: 5', { 'X-B3-Spanid': ['5'], 'X-B3-Traceid': ['4'] }],
  ['X-B3-TraceId: 4\r\nX-B3-Sampled: 0', null],
  ['X-B3-TraceId: 1\r\nX-B3-Sampled: 1\r\nX-B3-Sampled: 2', { 'X-B3-Sampled': ['1', '2'], 'X-B3-Traceid': ['1'] }],
  ['X-B3-Flags: 1', null],
  ['B3: 1', { B3: ['1'] }],
  ['B3: 0', null],
  ['B3: a-b-0', null],
  ['B3: a-b-1-c', { B3: ['a-b-1-c'] }],
  ['traceparent: 00-a-b-01\r\nTracestate: x\r\nFoo: bar', { Traceparent: ['00-a-b-01'], Tracestate: ['x'] }],
  ['Traceparent: 00-a-b-00', null],
  ['Traceparent: 00-a-b-1', null],
  ['Foo: bar\r\nno field\r\n: x', null],
];

for (const [header, fields] of SAMPLED) {
  test(`a request with ${header.replaceAll('\r\n', ', ')} is ${fields === null ? 'not ' : ''}measured`, () => {
    assert.equal(samplingFields(Buffer.from(`NATS/1.0\r\n${header}\r\n\r\n`)), fields);
  });
}

test('servers are known by a hash of their names that all of them agree on', () => {
  assert.is(serverHash('A'), 'NUmM6cRx');
  assert.is(serverHash('B'), 'b2oh2L6w');
});

test.run();
