import { createUser, encodeOperator, encodeUser } from '@nats-io/jwt';
import { connect, jwtAuthenticator } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composeServer } from '../../../bin/compose.ts';
import { TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import { TestOperator } from '../resolver-directory/tokens.ts';
import { startWeb } from './account-web.ts';

test('a user logs in to an account that a web server has, asked over TLS', async () => {
  const operator = new TestOperator();
  const accounts = await Promise.all(['SYS', 'ACME'].map((name) => operator.account(name)));
  const [system, acme] = accounts as [(typeof accounts)[0], (typeof accounts)[0]];
  const web = await startWeb({ certificate: 'server.pem', key: 'server-key.pem' });
  web.answer = (request, response) => {
    const found = accounts.find(({ key }) => request.url === `/a/${key}`);
    response.writeHead(found === undefined ? 404 : 200).end(found?.token);
  };
  const text = `
    host: 127.0.0.1, port: -1
    operator: ${await encodeOperator('O', operator.pair, { system_account: system.key })}
    resolver: URL("https://127.0.0.1:${web.port}/a/")
    resolver_tls { ca_file: "${TLS_FIXTURES}/ca.pem" }
  `;
  const server = await composeServer({ text, path: 'test.conf' });
  try {
    await server.start();
    const user = createUser();
    for (const [account, outcome] of [
      [acme, 'in'],
      [await operator.account('OTHER'), 'Authorization Violation'],
    ] as const) {
      const authenticator = jwtAuthenticator(await encodeUser('u', user, account.pair, {}), user.getSeed());
      const servers = `127.0.0.1:${server.address!.port}`;
      const client = await connect({ servers, authenticator, reconnect: false }).catch((error: Error) => error);
      assert.is(client instanceof Error ? client.message : 'in', outcome);
      if (!(client instanceof Error)) await client.close();
    }
  } finally {
    await server.close();
    await web.close();
  }
});

test.run();
