/** Streams on both sides keep apart: each side's requests to its own stay with it. */
import type { Account } from '../../kernel/plugin-api.ts';
import type { StreamDomain } from './contract.ts';

const REQUESTS = ['$JS.API.>', '$KV.>', '$OBJ.>'];
const CONSENSUS = ['$JSC.>', '$NRG.>'];

/** What no message of a connection may be called. */
export interface Barred {
  /** Whichever way it goes. */
  readonly both: readonly string[];
  /** On its way out. */
  readonly outgoing: readonly string[];
}

const NOTHING: Barred = { both: [], outgoing: [] };

export interface Sides {
  readonly account: Account;
  readonly hasSystemAccount: boolean;
  /** Undefined: there are no streams here. */
  readonly own: StreamDomain | undefined;
  readonly peerDomain: string;
}

export function barredBetween(sides: Sides): Barred {
  const { account, own } = sides;
  if (!account.isSystem && own?.defaults.get(account.name) === '') return NOTHING;
  const isSame = isOneRealm(sides);
  if (isSame && account.isSystem) return NOTHING;
  const outgoing = isSame || own === undefined || own.name === '' ? [] : [`$JS.${own.name}.API.>`];
  return { both: account.isSystem ? [...REQUESTS, ...CONSENSUS] : REQUESTS, outgoing };
}

/** The streams of both are one realm, which its system account holds together. */
function isOneRealm({ account, hasSystemAccount, own, peerDomain }: Sides): boolean {
  const isAlone = own === undefined || (!own.isOn && own.name === '' && !own.isExtended);
  if (isAlone || !hasSystemAccount || own.name !== peerDomain) return false;
  return !account.isSystem || ![...own.defaults.values()].includes('');
}
