/** Whoever reads the log, the events, the monitor or the list of processes learns nobody's secrets. */

import { readFileSync } from 'node:fs';
import { createUser, encodeUser } from '@nats-io/jwt';
import { hashSync } from 'bcryptjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TLS_FIXTURES } from '../fixtures/tls/certificates.ts';
import { Signer } from '../plugins/auth/signer.ts';
import { admitting, answerWith, CalloutService, ServiceKeys } from '../plugins/auth-callout/callout-service.ts';
import { ACME, accountToken, BOB, operatorToken, SYSTEM, userToken } from '../plugins/operator/issuer.ts';
import { Folder, run } from './broker-process.ts';
import { SecretHunt } from './secret-hunt.ts';

const FORMATS = ['text', 'json'] as const;
const TLS_KEY = readFileSync(`${TLS_FIXTURES}/server-key.pem`, 'utf8').split('\n')[1]!;
const ADMIN = { user: 'admin', pass: 'pw-of-admin' };

for (const format of FORMATS) {
  test(`passwords, signatures and cookies stay secret in ${format}`, async () => {
    const key = new Signer(7);
    const hash = hashSync('pw-behind-hash', 4);
    const config = `
      system_account: SYS
      accounts {
        SYS { users: [ { user: admin, password: pw-of-admin } ] }
        APP { users: [
          { user: plain, password: "pw-in-plain" }
          { user: hashed, password: "${hash}" }
          { nkey: ${key.nkey} }
        ] }
      }
      tls { cert_file: "${TLS_FIXTURES}/server.pem", key_file: "${TLS_FIXTURES}/server-key.pem" }
      allow_non_tls: true
      websocket { listen: "127.0.0.1:-1", no_tls: true, user_cookie: u, pass_cookie: p, token_cookie: t, jwt_cookie: j }
    `;
    const unlisted = config.replace(', jwt_cookie: j', '');
    await using hunt = await SecretHunt.start({ config: unlisted, format, admin: ADMIN });
    for (const [user, pass] of [
      ['plain', 'pw-in-plain'],
      ['plain', 'pw-that-is-wrong'],
      ['hashed', 'pw-behind-hash'],
      ['nobody', 'pw-of-nobody'],
    ]) {
      await hunt.login({ user, pass });
    }
    await hunt.login({ auth_token: 'token-of-nobody' });
    await hunt.login({ nkey: key.nkey, sig: 'signature-of-nobody' });
    await hunt.login({ jwt: 'eyJ.jwt.of-nobody', sig: 'signature-of-nobody', nkey: '' });
    await hunt.web(['Cookie: u=plain; p=pw-in-plain']);
    await hunt.web(['Cookie: u=plain; p=pw-in-cookie; t=token-in-cookie']);
    await hunt.web(['Authorization: Bearer token-in-header'], '/?token=token-in-path');
    await hunt.web(['Authorization: Basic cHctaW4taGVhZGVy', 'Upgrade: broken'], '/token-in-path');
    await hunt.say('GET /?token=token-in-path HTTP/1.1\r\nAuthorization: Bearer token-in-header');
    await hunt.say('AUTH pw-for-another-protocol');
    await hunt.say('-ERR pw-nowhere');
    const text = `log_format: ${format}\nhttp: "127.0.0.1:-1"\nplugins: auto\n${unlisted}`;
    await hunt.reload(text.replace('no_tls: true,', 'no_tls: true, authorization { user: a, pass: pw-in-block },'));
    await hunt.reload(text.replace('accounts {', 'authorization { token: token-in-reload }\naccounts {'));
    await hunt.reload(text.replace('password: pw-of-admin', 'password: [pw-of-admin]'));
    await hunt.reload(`${text}\nauthorization { user: x, pass: pw-half-writ`);
    await hunt.reload(text.replace('"pw-in-plain"', '"pw-in-plain-anew"'));
    await hunt.login({ user: 'plain', pass: 'pw-in-plain' });
    const secrets = [
      'pw-in-plain',
      'pw-that-is-wrong',
      'pw-behind-hash',
      hash,
      'pw-of-nobody',
      'pw-of-admin',
      'token-of-nobody',
      'signature-of-nobody',
      'eyJ.jwt.of-nobody',
      'pw-in-cookie',
      'token-in-cookie',
      'token-in-header',
      'cHctaW4taGVhZGVy',
      'token-in-path',
      'pw-for-another-protocol',
      'pw-in-block',
      'token-in-reload',
      'pw-half-writ',
      TLS_KEY,
    ];
    await hunt.findNone(secrets);
  });

  test(`a token, and what flags say, stay secret in ${format}`, async () => {
    const words = ['--auth', 'token-in-flag'];
    await using hunt = await SecretHunt.start({ config: '', words, format, admin: null });
    await hunt.login({ auth_token: 'token-in-flag' });
    await hunt.login({ auth_token: 'token-that-is-wrong' });
    await hunt.findNone(['token-that-is-wrong', 'token-in-flag']);
  });

  test(`tokens of users, and what stands in the address of a resolver, stay secret in ${format}`, async () => {
    const [system, acme] = [await accountToken(SYSTEM, {}, { name: 'SYS' }), await accountToken(ACME)];
    const admin = createUser();
    const guest = createUser();
    const bearer = await encodeUser('bearer', admin, SYSTEM, { bearer_token: true });
    const user = await userToken();
    const bearerGuest = await encodeUser('guest', guest, ACME, { bearer_token: true });
    const config = `
      operator: ${await operatorToken()}
      resolver: MEMORY
      resolver_preload { ${SYSTEM.getPublicKey()}: "${system}", ${ACME.getPublicKey()}: "${acme}" }
      websocket { listen: "127.0.0.1:-1", no_tls: true, jwt_cookie: j }
    `;
    await using hunt = await SecretHunt.start({ config, format, admin: { jwt: bearer } });
    await hunt.login({ jwt: bearerGuest });
    await hunt.login({ jwt: user, sig: 'signature-of-nobody' });
    await hunt.login({ jwt: `${bearerGuest.slice(0, -4)}AAAA` });
    await hunt.web([`Cookie: j=${bearerGuest}`]);
    await hunt.web([`Cookie: j=${bearerGuest}x`]);
    await hunt.web([`Authorization: Bearer ${bearerGuest}`]);
    const text = `log_format: ${format}\nhttp: "127.0.0.1:-1"\nplugins: auto\n${config}`;
    await hunt.reload(text.replace('resolver: MEMORY', 'resolver: URL("http://joe:pw-in-url@127.0.0.1:1/accounts/")'));
    await hunt.reload(text.replace('resolver: MEMORY', 'resolver: URL("http://joe:pw-in-url@ bad")'));
    const seeds = [admin, guest, BOB].map((pair) => new TextDecoder().decode(pair.getSeed()));
    await hunt.findNone([bearerGuest, user, bearer, 'pw-in-url', 'signature-of-nobody', ...seeds]);
  });

  test(`what a client says to a callout service stays secret in ${format}`, async () => {
    const keys = new ServiceKeys();
    const config = `
      system_account: SYS
      accounts {
        SYS { users: [ { user: admin, password: pw-of-admin } ] }
        AUTH { users: [ { user: service, password: service } ] }
        APP {}
      }
      authorization { ${keys.block(keys.sealed).replace('[service]', '[service, admin]')} }
    `;
    await using hunt = await SecretHunt.start({ config, format, admin: ADMIN });
    const service = await CalloutService.start(hunt.broker.port, keys, (request) =>
      request.claims.nats.connect_opts.user === 'good'
        ? admitting(keys)(request)
        : answerWith(request, keys.issuer, { error: 'never' }),
    );
    await hunt.login({ user: 'good', pass: 'pw-for-callout' });
    assert.ok(service.requests.length > 0);
    await hunt.login({ user: 'bad', pass: 'pw-for-callout', auth_token: 'token-for-callout' });
    await service.close();
    await hunt.say('CONNECT {"user":"late","pass":"pw-for-callout"}');
    await hunt.findNone(['pw-for-callout', 'token-for-callout', 'pw-of-admin']);
  });
}

const MISTAKES: [text: string, secret: string][] = [
  ['authorization { user: a, pass: [s3cret-1 ] }', 's3cret-1'],
  ['authorization { token: { a: s3cret-2 } }', 's3cret-2'],
  ['authorization { users: [ { user: a, pass: { x: s3cret-3 } } ] }', 's3cret-3'],
  ['authorization { users: [ { user: a, password: s3cret-4, passwort: s3cret-4 } ] }', 's3cret-4'],
  ['authorization { users: [ s3cret-5 ] }', 's3cret-5'],
  ['authorization { user: a, pass: "s3cret-6', 's3cret-6'],
  ['authorization { user: a, pass: "s3cret-7\\q" }', 's3cret-7'],
  ['authorization { user: a, pass: $S3CRET_UNKNOWN, token: s3cret-8 }', 's3cret-8'],
  ['authorization { user: a, pass: s3cret-9, token: s3cret-9 }', 's3cret-9'],
  ['accounts { A { users: [ { user: a, pass: s3cret-10 }, { user: a, pass: s3cret-10 } ] } }', 's3cret-10'],
  ['accounts { A { users: [ { nkey: SUs3cret-11 } ] } }', 'SUs3cret-11'],
];

for (const [text, secret] of MISTAKES) {
  test(`what is wrong with ${text} is told without the secret`, async () => {
    using folder = new Folder();
    folder.write('a.conf', text);
    const { code, err, out } = await run(['-a', '127.0.0.1', '-p', '-1', '-DVV', '-c', folder.file('a.conf')]);
    assert.is(code, 1, err);
    assert.not.ok((err + out).includes(secret), err + out);
  });
}

test.run();
