import { encodeActivation } from '@nats-io/jwt';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { definePlugin, type PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import type { AccountSharing, ImportRule, Shares } from '../../../plugins/account-sharing/contract.ts';
import { ACME, ACME_SIGNER, accountToken, type Pair, pairOf, SYSTEM } from './issuer.ts';
import { OperatorBench } from './operator-bench.ts';

const IMPORTER = pairOf('account', 20);
const STRANGER = pairOf('account', 21);
const acme = ACME.getPublicKey();
const importer = IMPORTER.getPublicKey();
/** The bench's clock begins here. */
const NOW = Date.UTC(2020, 0, 1) / 1000;

class SharingOfTheTest implements AccountSharing {
  readonly shared = new Map<string, Shares>();

  share({ name }: { name: string }, shares: Shares): void {
    this.shared.set(name, shares);
  }

  exportsOf(): [] {
    return [];
  }

  importsOf(): [] {
    return [];
  }
}

function sharingPlugin(sharing: AccountSharing): PluginDefinition {
  return definePlugin({
    name: 'sharing-of-the-test',
    version: '1.0.0',
    api: [1],
    provides: [{ name: 'account.sharing', cardinality: 'one' }],
    register: (ctx) => void ctx.provide('account.sharing', sharing),
  }) as PluginDefinition;
}

async function sharesOf(
  pairs: ReadonlyMap<Pair, string>,
): Promise<{ of: (pair: Pair) => Shares; bench: OperatorBench }> {
  const sharing = new SharingOfTheTest();
  const tokens = new Map([[SYSTEM, await accountToken(SYSTEM)], ...pairs]);
  const bench = await OperatorBench.start({ tokens, plugins: [sharingPlugin(sharing)] });
  for (const pair of pairs.keys()) await bench.server.broker.resolveAccount(pair.getPublicKey());
  return { of: (pair) => sharing.shared.get(pair.getPublicKey())!, bench };
}

test('exports are told as they stand in the token', async () => {
  const exports = [
    { subject: 'news.>', type: 'stream' },
    { subject: 'time', type: 'service', response_type: 'Chunked', response_threshold: 5e9, allow_trace: true },
    {
      subject: 'mine.*',
      type: 'service',
      account_token_position: 2,
      service_latency: { sampling: 30, results: 'lat' },
    },
    { subject: 'closed', type: 'service', token_req: true, service_latency: { sampling: 'headers', results: 'lat' } },
  ];
  const { of, bench } = await sharesOf(new Map([[ACME, await accountToken(ACME, { exports } as object)]]));
  const shown = of(ACME).exports.map(({ admits, ...rest }) => ({ ...rest, open: admits('A', {} as ImportRule) }));
  const base = { accountPosition: 0, allowsTrace: false, isTokenRequired: false, approved: [], open: true };
  const service = { ...base, kind: 'service', responses: 'singleton', responseThresholdMs: 120_000, latency: null };
  assert.equal(shown, [
    { ...base, kind: 'stream', subject: 'news.>' },
    { ...service, subject: 'time', responses: 'chunked', responseThresholdMs: 5000, allowsTrace: true },
    { ...service, subject: 'mine.*', accountPosition: 2, latency: { sampling: 30, subject: 'lat' } },
    {
      ...service,
      subject: 'closed',
      isTokenRequired: true,
      open: false,
      latency: { sampling: 'headers', subject: 'lat' },
    },
  ]);
  await bench.server.close();
});

test('imports are told by their name there and their name here, the old way to rename included', async () => {
  const imports = [
    { subject: 'a', account: acme, type: 'stream', allow_trace: true },
    { subject: 'b', account: acme, type: 'stream', to: 'pre' },
    { subject: 'c.*', account: acme, type: 'stream', local_subject: 'x.$1' },
    { subject: 'local', account: acme, type: 'service', to: 'remote' },
    { subject: 'd', account: acme, type: 'service', local_subject: 'e', share: true },
  ];
  const { of, bench } = await sharesOf(new Map([[IMPORTER, await accountToken(IMPORTER, { imports } as object)]]));
  const base = { kind: 'stream', account: acme, sharesRequester: false, allowsTrace: false };
  assert.equal(of(IMPORTER).imports, [
    { ...base, subject: 'a', localSubject: 'a', allowsTrace: true },
    { ...base, subject: 'b', localSubject: 'pre.b' },
    { ...base, subject: 'c.*', localSubject: 'x.$1' },
    { ...base, kind: 'service', subject: 'remote', localSubject: 'local' },
    { ...base, kind: 'service', subject: 'd', localSubject: 'e', sharesRequester: true },
  ]);
  await bench.server.close();
});

interface Case {
  readonly signer?: Pair;
  readonly activation?: object;
  readonly times?: object;
  readonly revocations?: Readonly<Record<string, number>>;
  readonly isAdmitted: boolean;
}

const FAR = 4_000_000_000;
const CASES: Readonly<Record<string, Case>> = {
  'of the exporter': { isAdmitted: true },
  'of a signing key of the exporter': { signer: ACME_SIGNER, activation: { issuer_account: acme }, isAdmitted: true },
  'for a pattern that covers the import': { activation: { subject: 'closed.>' }, isAdmitted: true },
  'of a stranger in the name of the exporter': {
    signer: STRANGER,
    activation: { issuer_account: acme },
    isAdmitted: false,
  },
  'that is not over yet': { times: { exp: NOW + 10 }, isAdmitted: true },
  'that is over': { times: { exp: NOW - 1 }, isAdmitted: false },
  'whose time has not come': { times: { nbf: NOW + 10 }, isAdmitted: false },
  'that was revoked': { revocations: { [importer]: FAR }, isAdmitted: false },
  'that was revoked with all others': { revocations: { '*': FAR }, isAdmitted: false },
  'that was given after the revocation': { revocations: { [importer]: 1 }, isAdmitted: true },
};

for (const [what, { signer = ACME, activation = {}, times = {}, revocations, isAdmitted }] of Object.entries(CASES)) {
  test(`an activation ${what} ${isAdmitted ? 'lets' : 'does not let'} the importer in`, async () => {
    const data = { subject: 'closed.x', ...activation };
    const token = await encodeActivation('act', IMPORTER, signer, 'stream', data as object, times);
    const imports = [{ subject: 'closed.x', account: acme, type: 'stream', token }];
    const exports = [{ subject: 'closed.*', type: 'stream', token_req: true, ...(revocations && { revocations }) }];
    const signing_keys = [ACME_SIGNER.getPublicKey()];
    const { of, bench } = await sharesOf(
      new Map([
        [ACME, await accountToken(ACME, { exports, signing_keys } as object)],
        [IMPORTER, await accountToken(IMPORTER, { imports } as object)],
      ]),
    );
    const [rule] = of(IMPORTER).imports;
    assert.is(of(ACME).exports[0]!.admits(importer, rule!), isAdmitted);
    assert.is(of(ACME).exports[0]!.admits(STRANGER.getPublicKey(), rule!), false, 'nobody else');
    assert.is(rule!.validUntil, 'exp' in times ? (times as { exp: number }).exp * 1000 : undefined);
    await bench.server.close();
  });
}

test('an activation whose signature is wrong is none', async () => {
  const token = await encodeActivation('act', IMPORTER, ACME, 'stream', { subject: 'closed' } as object);
  const forged = `${token.slice(0, -20)}${'A'.repeat(20)}`;
  const imports = [{ subject: 'closed', account: acme, type: 'stream', token: forged }];
  const { of, bench } = await sharesOf(new Map([[IMPORTER, await accountToken(IMPORTER, { imports } as object)]]));
  assert.is('activation' in of(IMPORTER).imports[0]!, false);
  await bench.server.close();
});

test('a new token shares something else', async () => {
  const { of, bench } = await sharesOf(
    new Map([[ACME, await accountToken(ACME, { exports: [{ subject: 'a', type: 'stream' }] } as object)]]),
  );
  await bench.push(ACME, await accountToken(ACME));
  assert.equal(of(ACME), { exports: [], imports: [] });
  await bench.server.close();
});

test.run();
