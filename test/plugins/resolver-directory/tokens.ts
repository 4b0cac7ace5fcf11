/** An operator, and what it signs. */
import { Algorithms, createAccount, createOperator, encode, encodeAccount, type KeyPair } from '@nats-io/jwt';

export const FAR_FUTURE = 4_000_000_000;
const UNLIMITED = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };

export interface AccountToken {
  readonly key: string;
  readonly pair: KeyPair;
  readonly token: string;
}

export interface TokenTimes {
  readonly iat?: number;
  readonly exp?: number;
}

export class TestOperator {
  readonly pair = createOperator();
  readonly signing = createOperator();

  get keys(): string[] {
    return [this.pair.getPublicKey(), this.signing.getPublicKey()];
  }

  /** As the official library makes it. */
  async account(name: string, pair = createAccount(), signer: KeyPair = this.pair): Promise<AccountToken> {
    const token = await encodeAccount(name, pair, { limits: UNLIMITED } as object, { signer });
    return { key: pair.getPublicKey(), pair, token };
  }

  /** With times of the caller's choice. */
  async timed(
    name: string,
    times: TokenTimes,
    pair = createAccount(),
    signer: KeyPair = this.pair,
  ): Promise<AccountToken> {
    const key = pair.getPublicKey();
    const claims = { jti: '', iat: 1000, ...times, iss: signer.getPublicKey(), sub: key, name, aud: '' };
    const nats = { limits: UNLIMITED, type: 'account', version: 2 };
    return { key, pair, token: await encode(Algorithms.v2, { ...claims, nats } as never, signer) };
  }

  async deletion(accounts: unknown, signer: KeyPair = this.pair, sub = signer.getPublicKey()): Promise<string> {
    const claims = { jti: '', iat: 1000, iss: signer.getPublicKey(), sub, name: 'delete', aud: '' };
    return encode(Algorithms.v2, { ...claims, nats: { accounts, type: 'generic', version: 2 } } as never, signer);
  }
}

export async function timedTokens(operator: TestOperator, count: number): Promise<AccountToken[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => operator.timed(`account ${at}`, { iat: 1000 + at })));
}
