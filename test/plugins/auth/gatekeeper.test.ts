/** How long an answer takes must not tell which part of it was wrong: the same is computed for names and keys that nobody has. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_CLIENT_OPTIONS } from '../../../kernel/connection/client-options.ts';
import type { Connection } from '../../../kernel/connection/connection.ts';
import { isRefusal } from '../../../kernel/hooks/refusal.ts';
import { outcomeOf } from '../../../kernel/ports/steps.ts';
import type { Credentials } from '../../../plugins/auth/contract.ts';
import { FailedLogins } from '../../../plugins/auth/credentials/failed-logins.ts';
import { Secrets } from '../../../plugins/auth/credentials/secret.ts';
import { Gatekeeper } from '../../../plugins/auth/gatekeeper.ts';
import { UserDirectory } from '../../../plugins/auth/user-directory.ts';
import { readAuthConfig } from './auth-bench.ts';
import { Signer } from './signer.ts';

const HASH = '$2b$04$c6pto5L3N92kAXYK1JlWVesiNLeQHQHcs2OYzFGX6bkJCGvZUW3SC';
const STRANGER = {
  nonce: '',
  transport: { kind: 'tcp', remote: { host: '192.0.2.1' } },
  isClosed: false,
} as Connection;

interface Judged {
  readonly isRefused: boolean;
  /** The hashes that were compared with something. */
  readonly compared: readonly string[];
}

function gatekeeperFor(config: string, compared: string[] = []): Gatekeeper {
  const compute = (stored: string): Promise<boolean> => {
    compared.push(stored);
    return Promise.resolve(false);
  };
  return new Gatekeeper(outcomeOf(UserDirectory.inSteps(readAuthConfig(config).config, null)), {
    secrets: new Secrets({ key: Buffer.alloc(32), compute }),
    failedLogins: new FailedLogins({ max: 0, windowMs: 1000 }, () => 0),
    warn: assert.unreachable,
  });
}

async function judge(config: string, credentials: Partial<Credentials>): Promise<Judged> {
  const compared: string[] = [];
  const verdict = await gatekeeperFor(config, compared).judge(STRANGER, { ...DEFAULT_CLIENT_OPTIONS, ...credentials });
  return { isRefused: isRefusal(verdict), compared };
}

for (const [what, config] of [
  ['a list of users', `authorization { users: [{user: u, password: "${HASH}"}, {user: v, password: plain}] }`],
  ['one user', `authorization { user: u, password: "${HASH}" }`],
] as const) {
  test(`with ${what} a name that nobody has costs as much as a wrong password`, async () => {
    for (const user of ['u', 'x', '', '__proto__']) {
      assert.equal(await judge(config, { user, pass: 'guess' }), { isRefused: true, compared: [HASH] }, user);
    }
  });
}

test('a key that nobody has is checked like one that somebody has, and lets nobody in whoever signed', async () => {
  const [known, stranger] = [new Signer(1), new Signer(2)];
  const config = `authorization { users: [{nkey: ${known.nkey}}] }`;
  for (const { nkey } of [known, stranger]) {
    for (const signer of [known, stranger]) {
      const verdict = gatekeeperFor(config).judge(STRANGER, {
        ...DEFAULT_CLIENT_OPTIONS,
        nkey,
        sig: signer.sign(''),
      });
      assert.is(await isDecidedHere(verdict), false, 'another thread has to compute it');
      assert.is(isRefusal(await verdict), nkey === stranger.nkey || signer === stranger);
    }
  }
});

/** Without a turn of the loop, and with it an answer of another thread. */
async function isDecidedHere(verdict: Promise<unknown>): Promise<boolean> {
  let isDecided = false;
  void verdict.then(() => {
    isDecided = true;
  });
  for (let step = 0; step < 100; step++) await null;
  return isDecided;
}

test.run();
