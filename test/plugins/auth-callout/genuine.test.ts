/** The same logins at this broker and at a genuine one: the service is asked the same, and its answers mean the same. */
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { createAccount, createUser } from '@nats-io/nkeys';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../../runner/skip.ts';
import { genuineTargets, gnatletTarget, type Target } from '../../wire/targets.ts';
import { answerWith, configured, forged, type Request, ServiceKeys, userToken } from './callout-service.ts';
import { asRequest, requestsIn, type WireRequest } from './wire-service.ts';

const keys = new ServiceKeys();
const { issuer } = keys;
const other = createAccount();
const user = createUser().getPublicKey();
const CONFIG = `server_name: s\nserver_tags: [a, "b:c"]\n${configured(keys.block('allowed_accounts: [AUTH]'))}`;

type Make = (request: Request) => string | Promise<string>;

const good: Make = async (request) => answerWith(request, issuer, { jwt: await userToken(request, issuer) });
const granting =
  (grants: object, standard: object = {}): Make =>
  async (request) =>
    answerWith(request, issuer, { jwt: await userToken(request, issuer, grants as Record<string, unknown>, standard) });

/** What the client says, and what the service answers; null where it is not asked. */
const LOGINS: [said: object, make: Make | null][] = [
  [{ user: 'joe', pass: 'x', name: 'N', lang: 'l', version: '1.2', protocol: 1, jwt: 'a.b.c' }, good],
  [{}, good],
  [{ auth_token: 't', user: '' }, good],
  [{ nkey: user, sig: 'A'.repeat(86) }, good],
  [{ user: 'insider', pass: 'insider' }, good],
  [{ user: 'u', pass: 'p' }, null],
  [{ user: 'u', pass: 'wrong' }, good],
  [{ user: 'service', pass: 'wrong' }, null],
  [{ user: 'joe' }, (request) => answerWith(request, issuer, { error: 'no' })],
  [{ user: 'joe' }, (request) => answerWith(request, other, { error: 'no' })],
  [{ user: 'joe' }, () => 'garbage'],
  [{ user: 'joe' }, () => ''],
  [{ user: 'joe' }, async (request) => answerWith(request, issuer, { jwt: await userToken(request, other) })],
  [{ user: 'joe' }, (request) => forged({ sub: request.userKey, aud: request.serverId, nats: {} }, issuer)],
  [{ user: 'joe' }, granting({}, { aud: 'AUTH' })],
  [{ user: 'joe' }, granting({}, { aud: 'NO' })],
  [{ user: 'joe' }, granting({}, { exp: 1 })],
  [{ user: 'joe' }, granting({ pub: { allow: ['a'], deny: [] }, sub: { allow: ['b q'], deny: [] } })],
  [{ user: 'joe' }, granting({ pub: { allow: [], deny: ['a'] } })],
  [{ user: 'joe' }, granting({ pub: { deny: ['a'] } })],
  [{ user: 'joe' }, granting({ pub: { allow: [], deny: [] }, sub: { allow: [], deny: ['c'] } })],
  [{ user: 'joe' }, granting({ resp: { max: 1, ttl: 0 } })],
  [{ user: 'joe' }, granting({ bearer_token: true, subs: 0, payload: 0 })],
  [{ user: 'joe' }, granting({ allowed_connection_types: ['STANDARD', 'X'] })],
  [{ user: 'joe' }, granting({ allowed_connection_types: ['X'] })],
  [{ user: 'joe' }, granting({ proxy_required: true })],
];
const PROBES = 'PUB a 0\r\n\r\nPUB c 0\r\n\r\nPUB $SYS.REQ.USER.AUTH 0\r\n\r\nSUB b q 1\r\nSUB c 2\r\nPING\r\n';

class Wire {
  readonly received: Buffer[] = [];
  private readonly stream: Duplex;
  private isOver = false;
  private wake: () => void = () => {};

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('data', (bytes: Buffer) => {
      this.received.push(bytes);
      this.wake();
    });
    for (const event of ['end', 'close', 'error']) {
      stream.on(event, () => {
        this.isOver = true;
        this.wake();
      });
    }
  }

  get text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }

  send(bytes: string): void {
    this.stream.write(Buffer.from(bytes, 'latin1'));
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.isOver) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  end(): void {
    this.stream.destroy();
  }
}

function connectLine(said: object): string {
  return `CONNECT ${JSON.stringify({ verbose: false, pedantic: false, ...said })}\r\n`;
}

/** For each login the request, if there was one, and what the client was told. */
async function played(target: Target): Promise<string[]> {
  const server = await target.start(CONFIG);
  const service = new Wire(await server.connect());
  const lines: string[] = [];
  try {
    service.send(
      `${connectLine({ user: 'service', pass: 'service', headers: true })}SUB $SYS.REQ.USER.AUTH 1\r\nPING\r\n`,
    );
    await service.until(() => service.text.includes('PONG'));
    service.received.length = 0;
    for (const [said, make] of LOGINS) {
      const client = new Wire(await server.connect());
      await client.until(() => client.text.includes('\r\n'));
      client.send(`${connectLine(said)}${PROBES}`);
      if (make !== null) lines.push(await serve(service, make));
      await client.until(() => client.text.includes('PONG'));
      lines.push(client.text.replace(/INFO .*\r\n/g, ''));
      client.end();
    }
  } finally {
    service.end();
    await server.stop();
  }
  return lines;
}

async function serve(service: Wire, make: Make): Promise<string> {
  await service.until(() => requestsIn(service).length > 0);
  const [request] = requestsIn(service) as [WireRequest];
  service.received.length = 0;
  const answer = await make(asRequest(request));
  service.send(`PUB ${request.reply} ${answer.length}\r\n${answer}\r\n`);
  return comparable(request);
}

/** Without what differs between any two servers; the order of claims stays. */
function comparable({ subject, reply, header, body }: WireRequest): string {
  const [head, payload] = body
    .toString()
    .split('.')
    .map((chunk) => Buffer.from(chunk, 'base64url').toString());
  const claims = payload!
    .replace(/"(exp|iat)":\d+/g, '"$1":0')
    .replace(/"jti":"[A-Z2-7]{52}"/, '"jti":""')
    .replace(/"[NU][A-Z2-7]{55}"/g, (key) => (key === `"${user}"` ? key : '""'))
    .replace(/"version":"2\.[^"]*"/, '"version":""')
    .replace(/("client_info":\{"host":"[^"]*","id":)\d+/, '$10');
  return [subject, reply.replace(/\.[^.]+\.[^.]+$/, ''), header, head, claims].join(' ');
}

const targets = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= 15);
if (targets.length === 0) skip('no nats-server 2.15 on PATH, and GNATLET_NATS_SERVER names none');
for (const target of targets) {
  test(`a service is asked and heard as by ${target.name}`, async () => {
    const [ours, theirs] = [await played(gnatletTarget()), await played(target)];
    assert.equal(ours, theirs);
  });
}

test.run();
