import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BadTemplate,
  EXPANDED_MAX,
  type TemplateFacts,
  withoutTemplates,
} from '../../../plugins/operator/templates.ts';

const FACTS: TemplateFacts = {
  userName: 'bob',
  userKey: 'UBOB',
  userTags: ['team:red', 'team:blue', 'lang:en', 'odd', 'empty:', 'wide:a b'],
  accountName: 'acme',
  accountKey: 'AACME',
  accountTags: ['zone:eu', 'zone:us'],
};
const NONE = { allow: [], deny: [] };

function allowed(entries: string[], facts = FACTS): readonly string[] {
  return withoutTemplates({ publish: { allow: entries, deny: [] }, subscribe: NONE, responses: null }, facts).publish
    .allow;
}

const EXPANSIONS: Readonly<Record<string, readonly string[]>> = {
  'a.{{name()}}': ['a.bob'],
  '{{subject()}}.x': ['UBOB.x'],
  '{{account-name()}}.{{account-subject()}}': ['acme.AACME'],
  'x.{{ NAME() }}': ['x.bob'],
  '{{tag(TEAM)}}': ['red', 'blue'],
  '{{tag(team)}}.{{account-tag(zone)}}': ['red.eu', 'red.us', 'blue.eu', 'blue.us'],
  'plain.{{tag(lang)}}.>': ['plain.en.>'],
};

for (const [entry, expected] of Object.entries(EXPANSIONS)) {
  test(`${entry} becomes ${expected.join(', ')}`, () => {
    assert.equal(allowed([entry]), expected);
  });
}

test('lists without templates stay as they are, queues and all', () => {
  const list = { allow: ['a b', 'c'], deny: ['d'] };
  assert.equal(withoutTemplates({ publish: NONE, subscribe: list, responses: null }, FACTS).subscribe, list);
});

test('what cannot be allowed is left out', () => {
  assert.equal(allowed(['ok', 'a.{{tag(none)}}', 'b.{{tag(wide)}}', 'c.{{tag(empty)}}', 'd q', '{{name()}}']), [
    'ok',
    'bob',
  ]);
  assert.equal(allowed(['ok', 'x.{{name()}}'], { ...FACTS, userName: '' }), ['ok']);
  assert.equal(allowed(['ok', 'x.{{name()}}'], { ...FACTS, userName: 'a..b' }), ['ok']);
});

test('when nothing is left to be allowed, everything is denied', () => {
  const list = { allow: ['a.{{tag(none)}}'], deny: ['b'] };
  const { publish } = withoutTemplates({ publish: list, subscribe: NONE, responses: null }, FACTS);
  assert.equal(publish, { allow: [], deny: ['b', '>'] });
});

for (const deny of ['a.{{tag(none)}}', 'a.{{tag(wide)}}', 'a.{{tag(empty)}}']) {
  test(`a denial of ${deny} lets nobody in`, () => {
    const list = { allow: [], deny: [deny] };
    assert.throws(() => withoutTemplates({ publish: list, subscribe: NONE, responses: null }, FACTS), isBad);
  });
}

test('the functions of tags are known in lower case only, and otherwise stand for a tag that nobody has', () => {
  for (const entry of ['{{Tag(team)}}', '{{TAG(team)}}', '{{Account-Tag(zone)}}']) {
    assert.equal(allowed(['ok', entry, '{{name()}}']), ['ok', 'bob']);
    const list = { allow: [], deny: [entry] };
    assert.throws(() => withoutTemplates({ publish: list, subscribe: NONE, responses: null }, FACTS), isBad);
  }
});

test('braces with nothing between them are part of a subject', () => {
  assert.equal(allowed(['a.{{}}']), ['a.{{}}']);
  assert.equal(allowed(['a.{{}}.{{name()}}']), ['a.{{}}.bob']);
  assert.throws(() => allowed(['{{ }}']), isBad);
});

test('a function nobody knows lets nobody in', () => {
  for (const entry of ['{{name}}', '{{shell()}}', '{{tags(a)}}']) {
    assert.throws(() => allowed([entry]), isBad);
  }
});

test('a list may have 4096 subjects, and no more', () => {
  const tags = Array.from({ length: 64 }, (_, at) => `t:${at}`);
  const facts = { ...FACTS, userTags: tags };
  assert.is(allowed(['{{tag(t)}}.{{tag(t)}}'], facts).length, EXPANDED_MAX);
  assert.throws(() => allowed(['{{tag(t)}}.{{tag(t)}}', 'x'], facts), /template expansion exceeds limit: 4096/);
  assert.throws(() => allowed(['{{tag(t)}}.{{tag(t)}}.{{tag(t)}}.{{tag(t)}}'], facts), /exceeds limit: 4096/);
});

function isBad(error: unknown): boolean {
  return error instanceof BadTemplate;
}

test.run();
