/** Operator mode beside a genuine server: the same tokens, the same bytes. */
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newScopedSigner } from '@nats-io/jwt';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composeServer } from '../../bin/compose.ts';
import { listLog } from '../kits/plugin-kit.ts';
import { connectLine } from '../plugins/auth/auth-bench.ts';
import { ACCOUNT_MISTAKES } from '../plugins/operator/account-mistakes.ts';
import { MISTAKES } from '../plugins/operator/config-mistakes.ts';
import {
  ACME,
  ACME_SIGNER,
  accountToken,
  BOB,
  operatorToken,
  type Pair,
  pairOf,
  payloadOf,
  SYSTEM,
  signedToken,
  userToken,
} from '../plugins/operator/issuer.ts';
import { resolverPlugin, TestResolver } from '../plugins/operator/operator-bench.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';

/** Older ones speak otherwise in places. */
const genuine = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= 14);
if (genuine.length === 0) skip('no recent nats-server on PATH, and GNATLET_NATS_SERVER names none');

/** A server with the accounts of this file, and how to give it another token of one. */
interface Side {
  readonly port: number;
  /** What is answered, where somebody does. */
  push(pair: Pair, token: string): Promise<string>;
  stop(): Promise<void>;
}

const now = Math.floor(Date.now() / 1000);
const acme = ACME.getPublicKey();
const scope = newScopedSigner(ACME_SIGNER, 'r', {
  pub: { allow: ['{{name()}}.>', 'team.{{tag(team)}}'] },
  sub: { allow: ['{{subject()}}', 'q.{{tag(none)}}'], deny: ['x.{{account-name()}}'] },
});
const account = { signing_keys: [scope], revocations: { [pairOf('user', 66).getPublicKey()]: now + 1000 } };
const plain = await accountToken(ACME, account);
const system = await accountToken(SYSTEM, {}, { name: 'SYS' });
const operator = await operatorToken();
const bob = await userToken();
const mallory = pairOf('account', 200);
const scoped = (user: object = {}): Promise<string> =>
  userToken({ issuer_account: acme, ...user }, { scopedUser: true } as object, BOB, ACME_SIGNER);

interface Exchange {
  readonly jwt: string;
  readonly pair?: Pair | null;
  readonly input?: string;
}

const { nats: bobClaims, ...bobStandard } = payloadOf(bob);
const EXCHANGES: Readonly<Record<string, Exchange>> = {
  'a user': { jwt: bob, input: 'SUB x 1\r\nPUB x 2\r\nhi\r\n' },
  'no token': { jwt: '' },
  'no token at all that is one': { jwt: 'x' },
  'a token that was cut short': { jwt: bob.slice(0, -3) },
  'a token that is over': { jwt: await userToken({}, { exp: now - 10 }) },
  'a token whose time has not come': { jwt: await userToken({}, { nbf: now + 1000 }) },
  'an unknown account': { jwt: await userToken({}, {}, BOB, mallory) },
  'an unknown signing key': { jwt: await userToken({ issuer_account: acme }, {}, BOB, mallory) },
  'no signature': { jwt: bob, pair: null },
  'the signature of another': { jwt: bob, pair: pairOf('user', 7) },
  'a revoked user': { jwt: await userToken({}, {}, pairOf('user', 66)), pair: pairOf('user', 66) },
  'a user from elsewhere': { jwt: await userToken({ src: ['10.0.0.0/8'] }) },
  'a user from here': { jwt: await userToken({ src: ['127.0.0.0/8'] }) },
  'a user of a network that is none': { jwt: await userToken({ src: ['10.0.0.0/99'] }) },
  'a user of hours that are none': { jwt: await userToken({ times: [{ start: '1', end: '2' }] }) },
  'a bearer': { jwt: await userToken({ bearer_token: true }), pair: null },
  'another kind of connection': { jwt: await userToken({ allowed_connection_types: ['MQTT'] as never[] }) },
  'kinds of connections in small letters': {
    jwt: await userToken({ allowed_connection_types: ['standard'] as never[] }),
  },
  'an unknown kind of connection': { jwt: await userToken({ allowed_connection_types: ['PIGEON'] as never[] }) },
  'an unknown kind of connection among others': {
    jwt: await userToken({ allowed_connection_types: ['PIGEON', 'STANDARD'] as never[] }),
  },
  'another audience': { jwt: await userToken({}, { aud: 'x' }) },
  'limits of the user': {
    jwt: await userToken({ subs: 1, payload: 3 }),
    input: 'SUB a 1\r\nSUB b 2\r\nPUB a 4\r\nlong\r\n',
  },
  'only empty messages': {
    jwt: signedToken({ ...bobStandard, nats: { ...bobClaims, payload: 0 } }, ACME),
    input: 'PUB a 0\r\n\r\nPUB a 1\r\nx\r\n',
  },
  'permissions of the user': {
    jwt: await userToken({ pub: { allow: ['a'], deny: [] }, sub: { allow: ['b q'], deny: ['c'] } }),
    input: 'PUB a 0\r\n\r\nPUB b 0\r\n\r\nSUB b q 1\r\nSUB b 2\r\nSUB c 3\r\n',
  },
  'a permission that is no subject': { jwt: await userToken({ pub: { allow: ['a..b'] } }) },
  'a permission with a space': { jwt: await userToken({ pub: { allow: ['a b'] } }) },
  'a permission with two spaces': { jwt: await userToken({ sub: { allow: ['a b c'] } }) },
  'a scoped user': {
    jwt: await scoped({ tags: ['team:red', 'Team:BLUE'] }),
    input: [
      'PUB bob.x 0\r\n\r\nPUB team.red 0\r\n\r\nPUB team.blue 0\r\n\r\nPUB team.green 0\r\n\r\n',
      `SUB ${BOB.getPublicKey()} 1\r\nSUB q.x 2\r\nSUB x.Acme 3\r\n`,
    ].join(''),
  },
  'a scoped user without tags': { jwt: await scoped(), input: 'PUB team.red 0\r\n\r\nPUB bob.x 0\r\n\r\n' },
  'a scoped user with permissions': { jwt: await userToken({ issuer_account: acme }, {}, BOB, ACME_SIGNER) },
  'a name with dots in a template': {
    jwt: signedToken({ ...payloadOf(await scoped()), name: 'a..b' }, ACME_SIGNER),
    input: 'PUB a..b.c 0\r\n\r\nPUB bob.x 0\r\n\r\n',
  },
  'a wildcard for a name in a template': {
    jwt: signedToken({ ...payloadOf(await scoped()), name: '*' }, ACME_SIGNER),
    input: 'PUB x.y 0\r\n\r\n',
  },
  'no name in a template': {
    jwt: signedToken({ ...payloadOf(await scoped()), name: '' }, ACME_SIGNER),
    input: 'PUB x.y 0\r\n\r\n',
  },
};

/** Tokens of the account that are pushed while a user is there, and what it does then. */
const CHANGES: Readonly<Record<string, readonly [token: string, input: string]>> = {
  'a revocation': [await accountToken(ACME, { revocations: { [BOB.getPublicKey()]: now + 1000 } }), ''],
  'no places': [await accountToken(ACME, { limits: { conn: 0 } }), ''],
  'smaller messages': [await accountToken(ACME, { limits: { payload: 1 } }), 'PUB a 2\r\nxx\r\n'],
  'other default permissions': [
    await accountToken(ACME, { default_permissions: { sub: { deny: ['mine'] } } }),
    'SUB mine 2\r\n',
  ],
  'a mapping': [await accountToken(ACME, { mappings: { old: [{ subject: 'mine' }] } } as object), 'PUB old 0\r\n\r\n'],
  'a token of another operator': [await accountToken(ACME, {}, { signer: pairOf('operator', 99) }), ''],
};

const started: Side[] = [];

/** However the test ended. */
test.after.each(async () => {
  for (const side of started.splice(0)) await side.stop();
});

for (const target of genuine) {
  test(`${target.name} and this broker answer alike, whoever comes`, async () => {
    const sides = [await startOurs(), await startTheirs(target)] as const;
    started.push(...sides);
    const others: string[] = [];
    for (const [what, exchange] of Object.entries(EXCHANGES)) {
      const [ours, theirs] = await Promise.all(sides.map((side) => converse(side.port, exchange)));
      if (ours !== theirs) others.push(`${what}: ${JSON.stringify(ours)}, but ${JSON.stringify(theirs)}`);
    }
    assert.equal(others, []);
  });

  test(`${target.name} and this broker do the same to those who are there when the account changes`, async () => {
    const sides = [await startOurs(), await startTheirs(target)] as const;
    started.push(...sides);
    const others: string[] = [];
    for (const [what, [token, input]] of Object.entries(CHANGES)) {
      const [ours, theirs] = await Promise.all(sides.map((side) => undergo(side, token, input)));
      if (ours !== theirs) others.push(`${what}: ${JSON.stringify(ours)}, but ${JSON.stringify(theirs)}`);
      for (const side of sides) await side.push(ACME, plain);
    }
    assert.equal(others, []);
  });

  test(`${target.name} says of accounts what this broker says`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gnatlet-operator-'));
    const side = await startTheirs(target, `{type: full, dir: "${folder}"}`);
    started.push(side);
    const others: string[] = [];
    for (const [what, [claims, problem]] of Object.entries(ACCOUNT_MISTAKES)) {
      const said = await side.push(ACME, await accountToken(ACME, claims));
      if (!said.includes(JSON.stringify(problem).slice(1, -1))) others.push(`${what}: ${said}`);
    }
    rmSync(folder, { recursive: true });
    assert.equal(others, []);
  });

  test(`${target.name} says of configurations what this broker says`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'gnatlet-operator-'));
    const others: string[] = [];
    for (const [what, [text, problem]] of Object.entries(MISTAKES)) {
      const path = join(folder, 'x.conf');
      writeFileSync(path, `port: -1\n${text}\n`);
      const { stderr } = spawnSync(target.program, ['-c', path], { cwd: folder, encoding: 'utf8', timeout: 2000 });
      if (!stderr.includes(problem.replace(/ > server .*/, ''))) others.push(`${what}: ${stderr}`);
    }
    rmSync(folder, { recursive: true });
    assert.equal(others, []);
  });
}

async function startOurs(): Promise<Side> {
  const resolver = new TestResolver();
  const server = await composeServer({
    text: `host: 127.0.0.1\nport: -1\n${configText()}`,
    path: 'x.conf',
    plugins: ['auth', 'operator', resolverPlugin(resolver)],
    log: listLog([]),
  });
  await server.start();
  return {
    port: server.address!.port,
    push: async (pair, token) => String(await resolver.host!.apply(pair.getPublicKey(), token)),
    stop: () => server.close(),
  };
}

async function startTheirs(target: (typeof genuine)[number], resolver = 'MEMORY'): Promise<Side> {
  const running = await target.start(configText(resolver));
  const socket = (await running.connect()) as ReturnType<typeof connect>;
  const port = socket.remotePort!;
  socket.destroy();
  const root = await userToken({}, {}, BOB, SYSTEM);
  return {
    port,
    push: async (pair, token) => {
      const subject = `$SYS.REQ.ACCOUNT.${pair.getPublicKey()}.CLAIMS.UPDATE`;
      return converse(
        port,
        { jwt: root, input: `SUB in 1\r\nPUB ${subject} in ${token.length}\r\n${token}\r\n` },
        /MSG in 1 .*\}/s,
      );
    },
    stop: () => running.stop(),
  };
}

function configText(resolver = 'MEMORY'): string {
  const preloads = [
    [SYSTEM, system],
    [ACME, plain],
  ] as const;
  const lines = preloads.map(([pair, token]) => `${pair.getPublicKey()}: ${token}`).join('\n');
  return `operator: ${operator}\nresolver: ${resolver}\nresolver_preload {\n${lines}\n}\n`;
}

/** What a client sees that says all this, up to the end or the answer to a PING; INFO left out. */
async function converse(port: number, exchange: Exchange, until = /(?:PONG\r\n.*){2}/s): Promise<string> {
  const client = new Conversation(port);
  await client.login(exchange);
  if (until.source.startsWith('MSG')) client.say(exchange.input ?? '');
  else client.say(`PING\r\n${exchange.input ?? ''}PING\r\n`);
  await client.until(until);
  client.leave();
  return client.seen;
}

async function undergo(side: Side, token: string, input: string): Promise<string> {
  const client = new Conversation(side.port);
  await client.login({ jwt: bob });
  client.say('SUB mine 1\r\nPING\r\n');
  await client.until(/PONG/);
  await side.push(ACME, token);
  client.say(`${input}PING\r\n`);
  await client.until(/(?:PONG\r\n.*){2}/s);
  client.leave();
  return client.seen;
}

class Conversation {
  private readonly socket: ReturnType<typeof connect>;
  private text = '';
  private isOver = false;
  private wake: () => void = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1');
      this.wake();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isOver = true;
      this.wake();
    });
  }

  async login({ jwt, pair = BOB }: Exchange): Promise<void> {
    await this.until(/INFO .*\r\n/);
    const { nonce } = JSON.parse(/INFO (.*)\r\n/.exec(this.text)![1]!) as { nonce: string };
    const sig = pair === null ? {} : { sig: Buffer.from(pair.sign(Buffer.from(nonce))).toString('base64url') };
    this.say(connectLine({ jwt, ...sig, protocol: 1 }));
  }

  say(text: string): void {
    this.socket.write(text, 'latin1');
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text) && !this.isOver) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  get seen(): string {
    return `${this.text.replace(/INFO .*\r\n/g, '')}${this.isOver ? '<end>' : ''}`;
  }

  leave(): void {
    this.socket.destroy();
  }
}

test.run();
