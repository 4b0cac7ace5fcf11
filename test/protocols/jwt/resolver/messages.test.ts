import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAccountKey } from '../../../../protocols/jwt/resolver/account-key.ts';
import { done, encodeList, encodeOutcome, failed } from '../../../../protocols/jwt/resolver/answers.ts';
import { packLine, readPackLine } from '../../../../protocols/jwt/resolver/pack.ts';
import { RequestLine } from '../../../../protocols/jwt/resolver/request-line.ts';
import { accountOf, lookupSubject } from '../../../../protocols/jwt/resolver/subjects.ts';
import { tokenFacts } from '../../../../protocols/jwt/resolver/token-facts.ts';
import { encodePublicKey, NkeyKind } from '../../../../protocols/nkeys/nkey-text.ts';

const KEY = encodePublicKey(NkeyKind.account, Buffer.alloc(32, 7));
const USER = encodePublicKey(NkeyKind.user, Buffer.alloc(32, 7));

test('answers have their members in this order', () => {
  const server = { name: 's' };
  assert.is(
    encodeOutcome(done(KEY, 'jwt updated'), server),
    `{"server":{"name":"s"},"data":{"account":"${KEY}","code":200,"message":"jwt updated"}}`,
  );
  assert.is(
    encodeOutcome(failed('n/a', 'm', 'f'), server),
    '{"server":{"name":"s"},"error":{"account":"n/a","code":500,"description":"m - f"}}',
  );
  assert.is(encodeOutcome(done('', 'm'), server), '{"server":{"name":"s"},"data":{"code":200,"message":"m"}}');
  assert.is(encodeList([KEY], server), `{"data":["${KEY}"],"server":{"name":"s"}}`);
});

test('a subject names an account, or none', () => {
  for (const [subject, account] of [
    [`$SYS.REQ.ACCOUNT.${KEY}.CLAIMS.UPDATE`, KEY],
    [`$SYS.ACCOUNT.${KEY}.CLAIMS.UPDATE`, KEY],
    [lookupSubject('foo'), 'foo'],
    ['$SYS.REQ.CLAIMS.UPDATE', ''],
    ['$SYS.REQ.ACCOUNT.a.b.CLAIMS.UPDATE', ''],
  ] as const) {
    assert.is(accountOf(subject), account);
  }
});

test('only keys of accounts are keys of accounts', () => {
  assert.is(isAccountKey(KEY), true);
  for (const text of [
    '',
    USER,
    KEY.toLowerCase(),
    `${KEY}A`,
    KEY.slice(1),
    `${KEY.slice(0, -1)}7`,
    `../${KEY}`,
    `${KEY}\n`,
  ]) {
    assert.is(isAccountKey(text), false, text);
  }
});

test('a line of a pack is a key, a bar and a token', () => {
  assert.equal(readPackLine(packLine(KEY, 'a.b.c')), { accountKey: KEY, token: 'a.b.c' });
  assert.equal(readPackLine(`${KEY}|`), { accountKey: KEY, token: '' });
  for (const line of ['', '|', KEY, `${USER}|x`, `|${KEY}`, ` ${KEY}|x`]) assert.is(readPackLine(line), null, line);
});

test('a token says whom it is about and its times, and garbage says nothing', () => {
  const token = (payload: unknown): string => `h.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.s`;
  assert.equal(tokenFacts(token({ sub: KEY, iat: 5, exp: 7 })), { subject: KEY, issuedAt: 5, expiresAt: 7 });
  assert.equal(tokenFacts(token({ sub: KEY })), { subject: KEY, issuedAt: 0, expiresAt: 0 });
  for (const payload of [null, 1, [], {}, { sub: 1 }, { sub: KEY, iat: '5' }, { sub: KEY, exp: 1.5 }]) {
    assert.is(tokenFacts(token(payload)), null, JSON.stringify(payload));
  }
  for (const text of ['', 'a', 'a.b', 'a.b.c', '..', 'a.b.c.d']) assert.is(tokenFacts(text), null, text);
});

test('a line handles requests in order, and takes no more than it may', async () => {
  const line = new RequestLine({ requestsMax: 2, bytesMax: 10 });
  const order: number[] = [];
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const first = async (): Promise<void> => {
    await gate;
    order.push(1);
  };
  assert.is(line.take(6, first), true);
  assert.is(
    line.take(5, async () => void order.push(0)),
    false,
    'too many bytes',
  );
  assert.is(
    line.take(4, async () => void order.push(2)),
    true,
  );
  assert.is(
    line.take(0, async () => void order.push(0)),
    false,
    'too many requests',
  );
  assert.is(line.waiting, 2);
  go();
  await line.idle();
  assert.equal(order, [1, 2]);
  assert.is(line.waiting, 0);
  assert.is(
    line.take(10, async () => void order.push(3)),
    true,
  );
  await line.idle();
  assert.equal(order, [1, 2, 3]);
});

test.run();
