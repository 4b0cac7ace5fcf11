import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeAccount, encodeOperator, encodeUser } from '@nats-io/jwt';
import { createAccount, createOperator, createUser } from '@nats-io/nkeys';
import { encodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';
import type { StreamLoad } from '../generator/load.ts';
import { runGenerator } from '../generator-process.ts';
import { median } from '../medians.ts';
import { type RunningServer, startServer } from '../running-server.ts';
import { rateText } from '../units.ts';
import { type Figure, type FigureScript, figure, information } from './figure.ts';
import { type Login, logInTogether } from './storm-clients.ts';

const CLIENTS = 200;
const ADMITTED_MS_MAX = 1000;

const LOAD: StreamLoad = {
  kind: 'stream',
  payloadBytes: 128,
  subscribers: 1,
  isQueueGroup: false,
  subjects: 1,
  windowBytes: 1024 * 1024,
};

/** A crowd that comes back at once, with signatures to check, while somebody publishes. */
interface Crowd {
  readonly what: string;
  readonly config: string;
  readonly logins: readonly Login[];
}

/** How soon two hundred clients are in, and what a stream of messages notices of it. */
export const loginStorm: FigureScript = {
  name: 'login-storm',
  async run(server, isQuick) {
    const folder = mkdtempSync(join(tmpdir(), 'gnatlet-bench-'));
    const figures: Figure[] = [];
    for (const crowd of [keyCrowd(), await tokenCrowd()]) {
      const path = join(folder, 'crowd.conf');
      writeFileSync(path, crowd.config);
      const running = await startServer(server, { serverFlags: ['-c', path] });
      try {
        figures.push(...(await storm(running, crowd, isQuick ? 1 : 5)));
      } finally {
        await running.stop();
      }
    }
    rmSync(folder, { recursive: true });
    return figures;
  },
};

async function storm(running: RunningServer, { what, logins }: Crowd, seconds: number): Promise<Figure[]> {
  await logInTogether(running, logins);
  const alone = await stream(running, seconds);
  let isOver = false;
  const together = stream(running, seconds).finally(() => {
    isOver = true;
  });
  const times: number[] = [];
  while (!isOver) times.push(await logInTogether(running, logins));
  const admittedMs = median(times);
  const rate = await together;
  const target = `under ${ADMITTED_MS_MAX} ms`;
  const perSecond = Math.round((times.length * CLIENTS) / seconds);
  return [
    figure(`${CLIENTS} ${what} log in`, `${admittedMs.toFixed(0)} ms`, target, admittedMs < ADMITTED_MS_MAX),
    information(
      'the stream meanwhile',
      `${rateText(rate)} during ${perSecond} logins a second, ${rateText(alone)} without`,
    ),
  ];
}

async function stream(running: RunningServer, seconds: number): Promise<number> {
  const phases = { warmupSeconds: 0.5, seconds, stallSeconds: 10 };
  return (await runGenerator({ target: running, phases, load: LOAD })).perSecond;
}

/** Users of an operator's account. The stream is the bearer that stands for whoever brings no token. */
async function tokenCrowd(): Promise<Crowd> {
  const [operator, system, account] = [createOperator(), createAccount(), createAccount()];
  const limits = { conn: -1, leaf: -1, subs: -1, payload: -1, data: -1, imports: -1, exports: -1, wildcards: true };
  const tokenOf = (name: string, key: typeof account): Promise<string> =>
    encodeAccount(name, key, { limits } as never, { signer: operator });
  const user = { subs: -1, payload: -1, data: -1 };
  const keys = Array.from({ length: CLIENTS }, () => generateKeyPairSync('ed25519'));
  const tokens = await Promise.all(
    keys.map(({ publicKey }) => encodeUser('client', nkeyOf(publicKey), account, user as never)),
  );
  const sentinel = await encodeUser('load', createUser(), account, { ...user, bearer_token: true } as never);
  const preloads = [system, account].map(async (key) => `${key.getPublicKey()}: ${await tokenOf('A', key)}`);
  return {
    what: 'clients with tokens',
    config: [
      `operator: ${await encodeOperator('O', operator, { system_account: system.getPublicKey() } as never)}`,
      'resolver: MEMORY',
      `resolver_preload { ${(await Promise.all(preloads)).join('\n')} }`,
      `default_sentinel: ${sentinel}`,
    ].join('\n'),
    logins: keys.map(({ privateKey }, at) => (nonce) => ({ jwt: tokens[at], sig: signed(nonce, privateKey) })),
  };
}

/** Users with keys. The stream brings nothing, and is somebody all the same. */
function keyCrowd(): Crowd {
  const keys = Array.from({ length: CLIENTS }, () => generateKeyPairSync('ed25519'));
  const nkeys = keys.map(({ publicKey }) => nkeyOf(publicKey));
  const users = nkeys.map((nkey) => `{nkey: ${nkey}}`);
  return {
    what: 'clients with keys',
    config: `no_auth_user: load\nauthorization { users: [{user: load, password: load}, ${users.join(', ')}] }\n`,
    logins: keys.map(({ privateKey }, at) => (nonce) => ({ nkey: nkeys[at], sig: signed(nonce, privateKey) })),
  };
}

function nkeyOf(key: KeyObject): string {
  return encodePublicKey(NkeyKind.user, key.export({ format: 'der', type: 'spki' }).subarray(-32));
}

/** Node's own signature: one in plain JavaScript takes ten milliseconds, and there are two hundred. */
function signed(nonce: string, key: KeyObject): string {
  return sign(null, Buffer.from(nonce), key).toString('base64url');
}
