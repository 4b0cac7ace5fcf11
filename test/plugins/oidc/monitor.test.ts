/** What operators see of those who came with a token. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as oidc } from '../../../plugins/oidc/index.ts';
import { withMonitor } from '../monitoring/monitored-server.ts';
import { IdentityProvider, ISSUER, signingKey, token } from './identity-provider.ts';
import { block } from './oidc-bench.ts';

test('the monitor shows user, account and issuer, and never the token', async () => {
  const key = await signingKey('ES256', 'k');
  const provider = await IdentityProvider.start(key);
  const plugins = [auth, oidc] as PluginDefinition[];
  const text = block(`url: "${provider.url}"`);
  await withMonitor(
    text,
    async (monitored) => {
      const exp = Math.floor(Date.now() / 1000) + 3600;
      const auth_token = await token(key, { claims: { exp } });
      await monitored.client('', { auth_token });
      const [row] = await monitored.rows('/connz?auth=1');
      assert.is(row!.authorized_user, 'ann');
      assert.is(row!.account, 'APP');
      assert.is(row!.issuer_key, ISSUER);
      assert.not.ok(JSON.stringify(row).includes(auth_token.slice(0, 20)));
    },
    plugins,
  );
  await provider.close();
});

test.run();
