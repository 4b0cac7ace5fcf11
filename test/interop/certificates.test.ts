/** Certificates beside genuine servers: the same users, the same statuses. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Made, makeCertificate, type Wanted } from '../kits/certificate-maker.ts';
import { makeResponse, Responder, type Said } from '../kits/ocsp-responder.ts';
import { IDENTITY_CASES } from '../plugins/tls/identity-cases.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets, gnatletTarget, type Target } from '../wire/targets.ts';

/** Older ones find users in other ways. */
const genuine = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= 14);
if (genuine.length === 0) skip('no recent nats-server on PATH, and GNATLET_NATS_SERVER names none');
const targets: readonly Target[] = genuine.length === 0 ? [] : [...genuine, gnatletTarget()];

const folder = mkdtempSync(join(tmpdir(), 'gnatlet-certificates-'));
test.after(() => rmSync(folder, { recursive: true }));
const responder = await Responder.start();
test.after(() => responder.close());

const authority = makeCertificate({ subject: [['CN', 'authority']], isAuthority: true });
const issue = (wanted: Wanted): Made => makeCertificate({ ...wanted, issuer: authority });
const plain = issue({ subject: [['CN', 'localhost']], hosts: ['localhost'] });
const stapled = issue({
  subject: [['CN', 'localhost']],
  hosts: ['localhost'],
  mustStaple: true,
  ocspUrls: [responder.url],
});

function blockOf(server: Made, more: string): string {
  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return JSON.stringify(join(folder, name));
  };
  const files = `cert_file: ${put('cert.pem', server.pem)}, key_file: ${put('key.pem', server.keyPem)}`;
  return `tls { ${files}, ca_file: ${put('ca.pem', authority.pem)}, ${more} }`;
}

interface Outcome {
  readonly isIn: boolean;
  readonly staple: Buffer | null;
}

/** Reads INFO, makes the connection secure, and logs in. */
async function login(wire: Duplex, own?: Made): Promise<Outcome> {
  await new Promise((resolve) => wire.once('data', resolve));
  wire.removeAllListeners('data');
  const shown = own === undefined ? {} : { cert: own.pem, key: own.keyPem };
  const options = { socket: wire, ca: authority.pem, servername: 'localhost', requestOCSP: true, ...shown };
  const socket: TLSSocket = connect(options as ConnectionOptions);
  let staple: Buffer | null = null;
  let text = '';
  const isIn = await new Promise<boolean>((resolve) => {
    socket.on('OCSPResponse', (response: Buffer | null) => {
      staple = response?.length ? response : null;
    });
    socket.on('secureConnect', () => socket.write('CONNECT {"verbose":false}\r\nPING\r\n'));
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (/PONG|-ERR/.test(text)) resolve(text.includes('PONG'));
    });
    for (const end of ['error', 'end', 'close']) socket.on(end, () => resolve(false));
  });
  socket.destroy();
  return { isIn, staple };
}

async function ask(target: Target, config: string, own?: Made): Promise<Outcome> {
  const server = await target.start(config);
  try {
    return await login(await server.connect(), own);
  } finally {
    await server.stop();
  }
}

function starts(target: Target, config: string): Promise<boolean> {
  return target.start(config).then(
    (server) => server.stop().then(() => true),
    () => false,
  );
}

for (const target of targets) {
  test(`${target.name} finds the users of certificates as the cases say`, async () => {
    for (const { wanted, user, by } of IDENTITY_CASES) {
      const users = `authorization { users: [ { user: ${JSON.stringify(user)} } ] }`;
      const { isIn } = await ask(target, `${blockOf(plain, 'verify_and_map: true')}\n${users}`, issue(wanted));
      assert.is(isIn, by !== '', `${user} for ${JSON.stringify(wanted)}`);
    }
  });

  test(`${target.name} shows the status of a certificate that has to show it, and no other`, async () => {
    const response = makeResponse({ about: stapled, issuer: authority });
    responder.says(response);
    assert.equal((await ask(target, blockOf(stapled, ''))).staple, response);
    assert.is((await ask(target, `${blockOf(stapled, '')}\nocsp: false`)).staple, null);
    assert.is((await ask(target, blockOf(plain, ''))).staple, null);
  });

  test(`${target.name} does not run with a revoked certificate where its status is a condition`, async () => {
    const config = (mode: string): string => `${blockOf(stapled, '')}\nocsp { mode: ${mode} }`;
    responder.says(makeResponse({ about: stapled, issuer: authority, status: 'revoked' }));
    assert.equal(await Promise.all(['must', 'always', 'auto'].map((mode) => starts(target, config(mode)))), [
      false,
      false,
      true,
    ]);
  });

  test(`${target.name} lets in peers by their status`, async () => {
    const alice = issue({ subject: [['CN', 'alice']], ocspUrls: [responder.url] });
    const isIn = async (said: Partial<Said> | null, options = 'verify: true'): Promise<boolean> => {
      if (said === null) responder.answer = (_request, answer) => void answer.writeHead(500).end();
      else responder.says(makeResponse({ about: alice, issuer: authority, ...said }));
      const block = blockOf(plain, `verify: true, ocsp_peer { ${options} }`);
      return (await ask(target, `${block}\nocsp_cache: false`, alice)).isIn;
    };
    const old = { thisUpdate: new Date(Date.now() - 7_200_000), nextUpdate: new Date(Date.now() - 3_600_000) };
    assert.is(await isIn({}), true);
    assert.is(await isIn({ status: 'revoked' }), false);
    assert.is(await isIn({ status: 'revoked' }, 'verify: true, warn_only: true'), true);
    assert.is(await isIn({ status: 'unknown' }), false);
    assert.is(await isIn({ status: 'unknown' }, 'verify: true, unknown_is_good: true'), true);
    assert.is(await isIn(old), false);
    assert.is(await isIn(null), false);
    assert.is(await isIn(null, 'verify: true, allow_when_ca_unreachable: true'), true);
  });
}

test.run();
