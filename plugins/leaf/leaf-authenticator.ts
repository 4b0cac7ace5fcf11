/** Who leafs are where their block says so, in place of the users of the server. */
import { decodeSignature, GLOBAL_ACCOUNT, isSigned, publicKeyOf } from '../../kernel/plugin-api.ts';
import type { Authenticator, KnownUser, LoginAttempt, Verdict } from '../auth/contract.ts';
import type { LeafUser } from './config/authorization-options.ts';
import type { LeafAuthorization } from './config.ts';
import type { LeafConnection } from './leaf-connection.ts';

export class LeafAuthenticator implements Authenticator {
  /** Others need not log in because of this block. */
  readonly isLoginRequired = false;
  readonly needsNonce: boolean;
  readonly isAsked: boolean;
  private readonly authorization: LeafAuthorization | null;

  constructor(authorization: LeafAuthorization | null) {
    this.authorization = authorization;
    this.isAsked = authorization !== null;
    this.needsNonce = authorization !== null && authorization.nkey !== '';
  }

  async authenticate(attempt: LoginAttempt): Promise<Verdict | undefined> {
    const { authorization } = this;
    if (authorization === null || attempt.connection.kindName !== 'leaf') return undefined;
    if (authorization.nkey !== '') return this.byKey(attempt, authorization);
    const { users } = authorization;
    const { credentials } = attempt;
    const user = whoIs(attempt, authorization);
    // How long it takes tells nothing of who is known.
    const isRight = await attempt.isRight((user ?? users[0]!).password, credentials.pass);
    return user !== undefined && isRight ? attempt.admit(known(user)) : attempt.refuse();
  }

  private async byKey(attempt: LoginAttempt, { nkey, account, isProxyRequired }: LeafAuthorization): Promise<Verdict> {
    const signature = decodeSignature(attempt.credentials.sig, true);
    const key = publicKeyOf(nkey);
    if (signature === null || key === null || attempt.credentials.nkey !== nkey) return attempt.refuse();
    if (!(await isSigned(attempt.nonce, key, signature))) return attempt.refuse();
    return attempt.admit(known({ user: nkey, password: '', account, isProxyRequired }));
  }
}

/** Where a certificate says it, what the leaf says of itself does not count. */
function whoIs({ connection, credentials }: LoginAttempt, { isList, users }: LeafAuthorization): LeafUser | undefined {
  const { tls } = (connection as LeafConnection).leafs;
  const isMapped = isList && tls?.settings.options.mapsIdentity;
  return isMapped ? tls.userOf(connection.transport, users) : users.find(({ user }) => user === credentials.user);
}

function known({ user, account, isProxyRequired }: LeafUser): KnownUser {
  return {
    name: user,
    account: account === '' ? GLOBAL_ACCOUNT : account,
    permissions: null,
    connectionTypes: [],
    isProxyRequired,
  };
}
