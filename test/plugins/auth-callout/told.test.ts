/** Who hears of a login that a service refused: operators, and the account of the service, with the reason. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin } from '../../../plugins/auth-callout/index.ts';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { plugin as events } from '../../../plugins/system-events/index.ts';
import { RawClient, withServer } from '../running-server.ts';
import { answerWith, CalloutService, configured, ServiceKeys } from './callout-service.ts';

const SUBJECTS = 'SUB $SYS.ACCOUNT.CLIENT.AUTH.ERR 1\r\nSUB $SYS.SERVER.*.CLIENT.AUTH.ERR 2\r\nPING\r\n';

async function listener(port: number, user: string): Promise<RawClient> {
  const client = await RawClient.connect(port);
  client.send(`CONNECT ${JSON.stringify({ verbose: false, user, pass: user })}\r\n${SUBJECTS}`);
  await client.until(/PONG/);
  return client;
}

test('why a service let nobody in is told in its account, and to operators without the reason', async () => {
  const keys = new ServiceKeys();
  const block = keys.block().replace('[service]', '[service, insider, sys]');
  const config = configured(block, ', $SYS: { users: [{user: sys, password: sys}] }');
  await withServer(config, [auth, plugin, monitoring, events], async ({ port }) => {
    const answer = (error: string) =>
      CalloutService.start(port, keys, (request) => answerWith(request, keys.issuer, { error }));
    const service = await answer('not <today>');
    const insider = await listener(port, 'insider');
    const operator = await listener(port, 'sys');
    const stranger = await RawClient.connect(port);
    stranger.send('CONNECT {"verbose":false,"user":"joe","name":"n"}\r\n');
    await stranger.untilClosed();
    const [, told] = await insider.until(/CLIENT\.AUTH\.ERR 1 +\d+\r\n(.*)\r\n/);
    const { type, client, reason } = JSON.parse(told!);
    assert.is(type, 'io.nats.server.advisory.v1.client_disconnect');
    assert.is(reason, 'Auth callout service returned an error: not <today>');
    assert.match(told!, '\\u003ctoday\\u003e');
    assert.equal([client.acc, client.user, client.name_tag], ['AUTH', 'joe', '$G']);
    const [, forOperators] = await operator.until(/CLIENT\.AUTH\.ERR 2 +\d+\r\n(.*)\r\n/);
    const event = JSON.parse(forOperators!);
    assert.equal([event.reason, event.client.acc], ['Authentication Failure', '$G']);
    assert.not.match(insider.text, '$SYS.SERVER');

    // Who shows the name of one who runs the service is told of there as well.
    const impostor = await RawClient.connect(port);
    impostor.send('CONNECT {"verbose":false,"user":"service","pass":"wrong"}\r\n');
    await impostor.untilClosed();
    await insider.until(/"user":"service"[^\n]*"reason":"Authentication Failure"/);
    for (const { socket } of [insider, operator]) socket.destroy();
    await service.close();
  });
});

test.run();
