/** Who WebSocket clients are where the block says so, in place of the authorization of the server. */
import type { Authenticator, KnownUser, LoginAttempt, Verdict } from '../auth/contract.ts';
import type { WebSocketConfig } from './config.ts';

const GLOBAL = '$G';

export interface Override {
  readonly user: string;
  readonly password: string;
  readonly token: string;
  readonly noAuthUser: string;
}

/** Null: the block leaves it to the server. */
export function overrideIn({ authorization, noAuthUser }: WebSocketConfig): Override | null {
  const { user = '', password = '', token = '' } = authorization ?? {};
  return user === '' && token === '' && noAuthUser === '' ? null : { user, password, token, noAuthUser };
}

/** What the server's own users forbid. Empty: nothing. */
export function conflictWith({ user, token, noAuthUser }: Override, users: UserList): string {
  const what = user !== '' ? 'username' : 'token';
  if (users.hasUsers && (user !== '' || token !== '')) {
    return `websocket authentication ${what} not compatible with presence of users/nkeys`;
  }
  if (noAuthUser === '') return '';
  if (!users.hasUsers) return `no_auth_user: "${noAuthUser}" present, but users/nkeys are not defined`;
  if (users.findUser(noAuthUser) !== undefined) return '';
  return `no_auth_user: "${noAuthUser}" not present as user or nkey in authorization block or account configuration`;
}

export interface UserList {
  readonly hasUsers: boolean;
  findUser(name: string): KnownUser | undefined;
}

export class BlockAuthenticator implements Authenticator {
  /** Others need not log in because of this block. */
  readonly isLoginRequired = false;
  readonly needsNonce = false;
  readonly isAsked: boolean;
  private readonly override: Override | null;

  constructor(override: Override | null) {
    this.override = override;
    this.isAsked = override !== null;
  }

  checkUsers(users: UserList): string {
    return this.override === null ? '' : conflictWith(this.override, users);
  }

  async authenticate(attempt: LoginAttempt): Promise<Verdict | undefined> {
    const { override } = this;
    if (override === null || attempt.connectionType !== 'WEBSOCKET') return undefined;
    const nobody = override.noAuthUser === '' ? undefined : attempt.findUser(override.noAuthUser);
    if (nobody !== undefined && bringsNothing(attempt)) {
      // Without CONNECT only a user with a password will do.
      return attempt.isImplicit && 'key' in nobody ? attempt.refuse() : attempt.admit(nobody);
    }
    if (override.user === '' && override.token === '') return undefined;
    if (attempt.isImplicit) return attempt.refuse();
    return (await this.isRight(attempt, override)) ? attempt.admit(known(override.user)) : attempt.refuse();
  }

  /** The token counts where there is one, as on the client port. */
  private async isRight(attempt: LoginAttempt, { user, password, token }: Override): Promise<boolean> {
    const { credentials } = attempt;
    if (token !== '' && (await attempt.isRight(token, credentials.auth_token))) return true;
    return user !== '' && credentials.user === user && attempt.isRight(password, credentials.pass);
  }
}

function bringsNothing({ credentials: { user, pass, auth_token, nkey, jwt } }: LoginAttempt): boolean {
  return user === '' && pass === '' && auth_token === '' && nkey === '' && jwt === '';
}

function known(name: string): KnownUser {
  return { name, account: GLOBAL, permissions: null, connectionTypes: [], isProxyRequired: false };
}
