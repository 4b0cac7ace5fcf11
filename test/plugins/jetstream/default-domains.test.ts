/** `default_js_domain`: what may be in it. What it does is told where there is another server, in the tests of leafs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composeServer } from '../../../bin/compose.ts';

const ACCOUNTS = `accounts {
  APP { users: [{user: app, password: app}] }
  JS { users: [{user: js, password: js}], jetstream: enabled }
  SYS { users: [{user: sys, password: sys}] }
}
system_account: SYS
`;

async function problemOf(value: string): Promise<string> {
  return composeServer({ text: `${ACCOUNTS}default_js_domain: ${value}`, path: 'x.conf' }).then(
    async (server) => {
      await server.close();
      return '';
    },
    (error: Error) => error.message,
  );
}

const MISTAKES = [
  ['{ NOPE: hub }', 'in non operator mode, `default_js_domain` references non existing account "NOPE"'],
  ['{ JS: hub }', 'default_js_domain contains account name "JS" with enabled JetStream'],
  ['{ SYS: hub }', 'system account "SYS" can not be in default_js_domain'],
  ['{ APP: "a b" }', 'default_js_domain contains account "APP" with invalid domain name "a b"'],
  ['{ APP: 5 }', 'error default_js_domain config: expected the name of a domain, got 5'],
  ['hub', 'error default_js_domain config: unsupported type string'],
] as const;

for (const [value, says] of MISTAKES) {
  test(`default_js_domain: ${value} is refused`, async () => {
    const problem = await problemOf(value);
    assert.ok(problem.includes(says), problem);
  });
}

for (const value of ['{ APP: hub }', '{ APP: "" }', '{ JS: "" }', '{ "$G": hub }']) {
  test(`default_js_domain: ${value} is taken`, async () => assert.is(await problemOf(value), ''));
}

test('alone it gives nobody streams', async () => {
  const text = 'host: 127.0.0.1\nport: -1\ndefault_js_domain: { "$G": hub }';
  const server = await composeServer({ text, path: 'x.conf' });
  await server.start();
  const { global } = server.broker.accounts;
  assert.not.ok(global.sublist.hasInterest('$JS.ACK.x'));
  assert.ok(global.sublist.hasInterest('$JS.API.INFO'));
  await server.close();
});

test.run();
