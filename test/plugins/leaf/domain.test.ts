/** Which requests to streams stay on their side. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../../../kernel/plugin-api.ts';
import type { StreamDomain } from '../../../plugins/leaf/contract.ts';
import { type Barred, barredBetween } from '../../../plugins/leaf/domain.ts';

const APP = { name: 'APP', isSystem: false } as Account;
const SYS = { name: 'SYS', isSystem: true } as Account;
const REQUESTS = ['$JS.API.>', '$KV.>', '$OBJ.>'];
const ALL = [...REQUESTS, '$JSC.>', '$NRG.>'];

function streams(name: string, more: Partial<StreamDomain> = {}): StreamDomain {
  return { isOn: true, name, isExtended: false, defaults: new Map(), isOnFor: () => true, ...more };
}

interface Case {
  readonly what: string;
  readonly own?: StreamDomain;
  readonly peer: string;
  readonly hasNoSystemAccount?: true;
  readonly app: Barred;
  readonly sys: Barred;
}

const apart = (outgoing: readonly string[] = []): Pick<Case, 'app' | 'sys'> => ({
  app: { both: REQUESTS, outgoing },
  sys: { both: ALL, outgoing },
});
const NONE: Barred = { both: [], outgoing: [] };
const OFF = { isOn: false };

const CASES: readonly Case[] = [
  { what: 'no streams here', peer: '', ...apart() },
  { what: 'streams here and there in two domains', own: streams('leaf'), peer: 'hub', ...apart(['$JS.leaf.API.>']) },
  { what: 'a domain here, none there', own: streams('leaf'), peer: '', ...apart(['$JS.leaf.API.>']) },
  { what: 'switched off, without a domain', own: streams('', OFF), peer: '', ...apart() },
  {
    what: 'switched off, to be a part of the hub',
    own: streams('', { ...OFF, isExtended: true }),
    peer: '',
    app: { both: REQUESTS, outgoing: [] },
    sys: NONE,
  },
  { what: 'one domain', own: streams('d'), peer: 'd', app: { both: REQUESTS, outgoing: [] }, sys: NONE },
  { what: 'no domain on either side', own: streams(''), peer: '', app: { both: REQUESTS, outgoing: [] }, sys: NONE },
  {
    what: 'one domain, but no system account',
    own: streams('d'),
    peer: 'd',
    hasNoSystemAccount: true,
    ...apart(['$JS.d.API.>']),
  },
  {
    what: 'one domain, as before there were domains',
    own: streams('d', { defaults: new Map([['APP', '']]) }),
    peer: 'd',
    app: NONE,
    sys: { both: ALL, outgoing: ['$JS.d.API.>'] },
  },
];

for (const { what, own, peer, hasNoSystemAccount, app, sys } of CASES) {
  test(`${what}: what may not cross`, () => {
    const of = (account: Account): Barred =>
      barredBetween({ account, hasSystemAccount: hasNoSystemAccount !== true, own, peerDomain: peer });
    assert.equal(of(APP), app);
    assert.equal(of(SYS), sys);
  });
}

test.run();
