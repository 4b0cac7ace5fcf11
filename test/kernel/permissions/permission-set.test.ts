import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SubjectRules } from '../../../kernel/permissions/permission-rules.ts';
import { PermissionSet } from '../../../kernel/permissions/permission-set.ts';

const ANY: SubjectRules = { allow: null, deny: [] };

function publishing(rules: Partial<SubjectRules>, responses: { max: number; ttlMs: number } | null = null) {
  const set = new PermissionSet({ publish: { ...ANY, ...rules }, subscribe: ANY, responses });
  return (subject: string): boolean => {
    // As in a read buffer, with other bytes around it.
    const bytes = Buffer.from(`PUB ${subject} 5`, 'latin1');
    return set.mayPublish(bytes, 4, bytes.length - 2);
  };
}

function subscribing(rules: Partial<SubjectRules>): PermissionSet {
  return new PermissionSet({ publish: ANY, subscribe: { ...ANY, ...rules }, responses: null });
}

function passes(set: PermissionSet, subject: string, queue: string, published: string): boolean {
  const filter = set.deliveryFilter(subject, queue);
  const bytes = Buffer.from(published, 'latin1');
  return filter === null || filter.allows(bytes, 0, bytes.length);
}

test('without an allow list everything may be published but what is denied', () => {
  const may = publishing({ deny: ['secret', 'x.>', 'y.*.z'] });
  assert.equal(['a', 'a..b', 'x', 'y.z', 'y.1.2.z'].map(may), [true, true, true, true, true]);
  assert.equal(['secret', 'x.1', 'x.1.2', 'y.1.z'].map(may), [false, false, false, false]);
});

test('with an allow list only that may be published, and deny counts more', () => {
  const may = publishing({ allow: ['a.*', 'b.>', 'c'], deny: ['b.secret', 'a.no'] });
  assert.equal(['a.1', 'a.*', 'a.>', 'b.1', 'b.1.2', 'c'].map(may), [true, true, true, true, true, true]);
  assert.equal(['a', 'a.1.2', 'a.no', 'b', 'b.secret', 'c.d', 'd'].map(may), new Array(7).fill(false));
});

test('a subject with an empty token is matched by nothing', () => {
  const may = publishing({ allow: ['>'] });
  assert.equal(['a..b', '.a', 'a.', '.', ''].map(may), [false, false, false, false, false]);
  const mayNot = publishing({ deny: ['>'] });
  assert.equal(['a..b', 'a.', 'a'].map(mayNot), [true, true, false]);
});

test('whoever may answer and is told nothing else may publish nothing else', () => {
  const may = publishing({}, { max: 1, ttlMs: 1000 });
  assert.is(may('a'), false);
  assert.is(publishing({ allow: ['a'] }, { max: 1, ttlMs: 1000 })('a'), true);
});

test('an allowed foo.* admits foo.> but not what has more tokens', () => {
  const set = subscribing({ allow: ['foo.*'] });
  const may = (subject: string): boolean => set.maySubscribe(subject, '');
  assert.equal(['foo.bar', 'foo.*', 'foo.>'].map(may), [true, true, true]);
  assert.equal(['foo', '*', '>', 'foo.a.b', '*.bar'].map(may), new Array(5).fill(false));
});

test('an entry with a queue overrules plain ones for the subject, in both directions', () => {
  const set = subscribing({ allow: ['foo', 'foo work', 'bar.* *.dev'] });
  assert.is(set.maySubscribe('foo', ''), true);
  assert.is(set.maySubscribe('foo', 'work'), true);
  assert.is(set.maySubscribe('foo', 'play'), false);
  assert.is(set.maySubscribe('bar.1', 'a.dev'), true);
  assert.is(set.maySubscribe('bar.1', 'dev'), false);
  assert.is(set.maySubscribe('bar.1', ''), false);
});

test('a denied queue denies that queue only, a denied subject every queue', () => {
  const set = subscribing({ deny: ['foo work', 'bar'] });
  assert.equal(
    [set.maySubscribe('foo', ''), set.maySubscribe('foo', 'play'), set.maySubscribe('baz', 'work')],
    [true, true, true],
  );
  assert.equal(
    [set.maySubscribe('foo', 'work'), set.maySubscribe('bar', ''), set.maySubscribe('bar', 'q')],
    [false, false, false],
  );
});

test('a subscription broader than what is denied is filtered, others are not', () => {
  const set = subscribing({ deny: ['foo.secret', 'bar.>'] });
  assert.is(set.deliveryFilter('other.*', ''), null);
  assert.is(set.deliveryFilter('foo.*.x', ''), null);
  assert.is(set.deliveryFilter('bar', ''), null);
  assert.is(passes(set, '>', '', 'foo.secret'), false);
  assert.is(passes(set, '>', '', 'bar.1.2'), false);
  assert.is(passes(set, '>', '', 'foo.open'), true);
  assert.is(passes(set, '*.secret', 'q', 'foo.secret'), false);
});

test('a subject denied to a queue is filtered from broader members of that queue only', () => {
  const set = subscribing({ deny: ['foo.secret work'] });
  assert.is(passes(set, 'foo.*', 'work', 'foo.secret'), false);
  assert.is(passes(set, 'foo.*', 'work', 'foo.open'), true);
  assert.is(set.deliveryFilter('foo.*', 'play'), null);
  assert.is(set.deliveryFilter('foo.*', ''), null);
});

test('subjects are compared by their bytes', () => {
  const subject = Buffer.from('grüße.ω', 'utf8').toString('latin1');
  const may = publishing({ allow: [subject] });
  assert.is(may(subject), true);
  assert.is(may('gr\xfc\xdfe.x'), false);
});

test.run();
