/** Decides who a client is. All refusals look alike from outside. */
import {
  CloseReason,
  type Connection,
  decodeSignature,
  GLOBAL_ACCOUNT,
  type Identity,
  isClient,
  isRefusal,
  isSigned,
  type Refusal,
  refuse,
} from '../../kernel/plugin-api.ts';
import type { Authenticator, Credentials, LoginAttempt, Verdict } from './contract.ts';
import { connectionTypeOf } from './credentials/connection-type.ts';
import type { FailedLogins } from './credentials/failed-logins.ts';
import type { Secrets } from './credentials/secret.ts';
import type { KeyUser, KnownUser, PasswordUser, UserDirectory } from './user-directory.ts';

/** Null: somebody tried to pass for a proxy. */
type ProxyKey = string | null;

export interface GatekeeperParts {
  readonly secrets: Secrets;
  readonly failedLogins: FailedLogins;
  /** Something an operator should know. */
  readonly warn: (text: string) => void;
}

export class Gatekeeper {
  authenticators: readonly Authenticator[] = [];
  /** Clients that a reload asks again: they are not guessing, whatever others at their address do. */
  readonly returning = new Set<Connection>();
  private directory: UserDirectory;
  private readonly parts: GatekeeperParts;
  /** Which identities are whose: a reload asks. */
  private readonly users = new WeakMap<Identity, KnownUser>();

  constructor(directory: UserDirectory, parts: GatekeeperParts) {
    this.directory = directory;
    this.parts = parts;
  }

  get current(): UserDirectory {
    return this.directory;
  }

  /** Throws, and leaves things as they are, when somebody cannot work with it. */
  replaceDirectory(directory: UserDirectory): void {
    const { byName, byKey } = directory;
    const users = {
      hasUsers: byName.size + byKey.size > 0,
      findUser: (name: string): KnownUser | undefined => directory.find(name),
    };
    for (const authenticator of this.authenticators) {
      const wrong = authenticator.checkUsers?.(users) ?? '';
      if (wrong !== '') throw new Error(wrong);
    }
    this.directory = directory;
  }

  /** Somebody has to log in, or may show who vouches for them. */
  get isAsked(): boolean {
    const isAskedFor = this.authenticators.some(({ isAsked }) => isAsked === true);
    return isAskedFor || this.isLoginRequired || this.directory.trustedProxies.size > 0;
  }

  get isLoginRequired(): boolean {
    return this.directory.isLoginRequired || this.authenticators.some(({ isLoginRequired }) => isLoginRequired);
  }

  get isNonceNeeded(): boolean {
    const { byKey, trustedProxies } = this.directory;
    return byKey.size > 0 || trustedProxies.size > 0 || this.authenticators.some(({ needsNonce }) => needsNonce);
  }

  /** Who was not named, but follows from nobody having to log in, is there for as long as that is so. */
  get nobody(): KnownUser | null {
    const { isHidden, nobody } = this.directory;
    return isHidden || !this.authenticators.some(({ isLoginRequired }) => isLoginRequired) ? nobody : null;
  }

  /** The configured user this identity was made from. */
  userOf(identity: Identity): KnownUser | undefined {
    return this.users.get(identity);
  }

  async judge(connection: Connection, credentials: Credentials): Promise<Verdict> {
    if (this.isBlocked(connection)) return this.block(credentials);
    const verdict = await this.decideByWhatHolds(connection, credentials);
    if (isRefusal(verdict)) this.countFailure(connection);
    // Guesses that were under way together count like guesses one by one.
    else if (this.isBlocked(connection)) return this.block(credentials);
    return verdict;
  }

  private block(credentials: Credentials): Refusal {
    this.parts.failedLogins.blocked++;
    return refusalOf(credentials);
  }

  private countFailure(connection: Connection): void {
    const { failedLogins, warn } = this.parts;
    const { host } = connection.transport.remote;
    if (!this.isCounted(connection) || !failedLogins.add(host)) return;
    warn(`${failedLogins.limit.max} logins from ${host} have failed, further attempts are refused for a while`);
  }

  /** Never answers by configuration that a reload has replaced meanwhile. */
  private async decideByWhatHolds(connection: Connection, credentials: Credentials): Promise<Verdict> {
    for (;;) {
      const { directory } = this;
      const verdict = await this.decide(connection, credentials);
      if (directory === this.directory) return verdict;
    }
  }

  private isBlocked(connection: Connection): boolean {
    return this.isCounted(connection) && this.parts.failedLogins.isBlocked(connection.transport.remote.host);
  }

  private isCounted(connection: Connection): boolean {
    return connection.transport.kind !== 'memory' && !this.returning.has(connection);
  }

  /** The order of questions; the README has it as a table. */
  private async decide(connection: Connection, credentials: Credentials): Promise<Verdict> {
    const proxyKey = await this.proxyOf(connection, credentials);
    if (proxyKey === null) return refusalOf(credentials, CloseReason.proxyNotTrusted);
    const attempt = new Attempt(this, connection, credentials, proxyKey);
    let verdict = (await this.firstAnswer(attempt)) ?? (await this.decideByConfiguration(attempt));
    for (const authenticator of this.authenticators) {
      verdict = (await authenticator.review?.(attempt, verdict)) ?? verdict;
    }
    return verdict;
  }

  private async firstAnswer(attempt: LoginAttempt): Promise<Verdict | undefined> {
    for (const authenticator of this.authenticators) {
      const answer = await authenticator.authenticate?.(attempt);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  private async proxyOf(connection: Connection, { proxy_sig }: Credentials): Promise<ProxyKey> {
    const { trustedProxies } = this.directory;
    if (trustedProxies.size === 0) return cameThroughProxy(connection) ? null : '';
    if (proxy_sig === '') return '';
    const signature = decodeSignature(proxy_sig, false);
    if (signature === null) return null;
    for (const [nkey, key] of trustedProxies) if (await isSigned(nonceOf(connection), key, signature)) return nkey;
    return null;
  }

  private async decideByConfiguration(attempt: LoginAttempt): Promise<Verdict> {
    const { directory } = this;
    const { credentials } = attempt;
    const { nobody } = this;
    if (nobody !== null && bringsNothing(credentials, directory)) {
      // Without CONNECT only a user with a password will do.
      const isUnfit = attempt.isImplicit && 'key' in nobody;
      return isUnfit ? attempt.refuse() : this.admit(attempt, nobody);
    }
    if (!this.isLoginRequired) return { account: GLOBAL_ACCOUNT, user: '', permissions: null };
    if (attempt.isImplicit) return attempt.refuse();
    if (credentials.nkey !== '' && directory.byKey.size > 0) return this.checkKey(attempt, directory.byKey);
    if (directory.byName.size > 0)
      return this.checkUser(attempt, directory.byName.get(credentials.user), directory.decoy);
    if (directory.token !== null) return this.checkSecret(attempt, directory.token, credentials.auth_token);
    if (directory.single === null) return attempt.refuse();
    const single = directory.single.name === credentials.user ? directory.single : undefined;
    return this.checkUser(attempt, single, directory.single.password);
  }

  /** A key that nobody has is checked like one that somebody has: how long it takes tells nothing. */
  private async checkKey(attempt: LoginAttempt, users: ReadonlyMap<string, KeyUser>): Promise<Verdict> {
    const signature = decodeSignature(attempt.credentials.sig, true);
    if (signature === null) return attempt.refuse();
    const user = users.get(attempt.credentials.nkey);
    const [decoy] = users.values();
    const isRight = await isSigned(attempt.nonce, (user ?? decoy!).key, signature);
    return isRight && user !== undefined ? this.admit(attempt, user) : attempt.refuse();
  }

  private async checkUser(attempt: LoginAttempt, user: PasswordUser | undefined, decoy: string): Promise<Verdict> {
    if (user !== undefined) return this.checkSecret(attempt, user, attempt.credentials.pass);
    await this.isRight(attempt, decoy, attempt.credentials.pass);
    return attempt.refuse();
  }

  async checkSecret(attempt: LoginAttempt, user: PasswordUser, given: string): Promise<Verdict> {
    return (await this.isRight(attempt, user.password, given)) ? this.admit(attempt, user) : attempt.refuse();
  }

  isRight({ connection }: LoginAttempt, stored: string, given: string): boolean | Promise<boolean> {
    const isWanted = (): boolean => !connection.isClosed && !this.isBlocked(connection);
    return this.parts.secrets.isRight(stored, given, { host: connection.transport.remote.host, isWanted });
  }

  /** The credentials are right; what is left is whether this user may come in this way. */
  admit({ connectionType, credentials, proxyKey }: LoginAttempt, user: KnownUser): Verdict {
    if (user.isProxyRequired && proxyKey === '') return refusalOf(credentials, CloseReason.proxyRequired);
    if (user.connectionTypes.length > 0 && !user.connectionTypes.includes(connectionType)) {
      return refusalOf(credentials);
    }
    const details = proxyKey === '' ? undefined : { proxyKey };
    const { account, name, permissions } = user;
    const identity: Identity = { account, user: name, permissions, ...(details === undefined ? {} : { details }) };
    this.users.set(identity, user);
    return identity;
  }
}

class Attempt implements LoginAttempt {
  readonly connection: Connection;
  readonly credentials: Credentials;
  readonly proxyKey: string;
  private readonly gatekeeper: Gatekeeper;

  constructor(gatekeeper: Gatekeeper, connection: Connection, credentials: Credentials, proxyKey: string) {
    this.gatekeeper = gatekeeper;
    this.connection = connection;
    this.credentials = credentials;
    this.proxyKey = proxyKey;
  }

  get connectionType() {
    return connectionTypeOf(this.connection);
  }

  get nonce(): string {
    return this.gatekeeper.isNonceNeeded ? nonceOf(this.connection) : '';
  }

  get isImplicit(): boolean {
    return isClient(this.connection) && !this.connection.isConnectReceived;
  }

  get hasKeyUsers(): boolean {
    return this.gatekeeper.current.byKey.size > 0;
  }

  get nobody(): KnownUser | null {
    return this.gatekeeper.nobody;
  }

  findUser(name: string): KnownUser | undefined {
    return this.gatekeeper.current.find(name);
  }

  findNamed(name: string): KnownUser | undefined {
    return this.gatekeeper.current.byName.get(name);
  }

  userNames(): Iterable<string> {
    return this.gatekeeper.current.byName.keys();
  }

  async admit(user: KnownUser, { withPassword = false } = {}): Promise<Verdict> {
    if (!withPassword || !('password' in user)) return this.gatekeeper.admit(this, user);
    return this.gatekeeper.checkSecret(this, user as PasswordUser, this.credentials.pass);
  }

  async isRight(stored: string, given: string): Promise<boolean> {
    return this.gatekeeper.isRight(this, stored, given);
  }

  refuse(): Refusal {
    return refusalOf(this.credentials);
  }
}

function nonceOf(connection: Connection): string {
  return connection.nonce;
}

/** A reload has taken back the trust in the proxy that vouched for it. */
function cameThroughProxy(connection: Connection): boolean {
  return isClient(connection) && connection.identity?.details?.proxyKey !== undefined;
}

/** A key counts as something only where keys are asked for. */
function bringsNothing({ user, pass, auth_token, nkey }: Credentials, { byKey }: UserDirectory): boolean {
  return user === '' && pass === '' && auth_token === '' && (nkey === '' || byKey.size === 0);
}

function refusalOf(credentials: Credentials, closeReason: CloseReason | null = null): Refusal {
  return refuse(labelOf(credentials), null, closeReason);
}

/** Who it was, for the log, with nothing that should stay secret. */
function labelOf({ nkey, user, auth_token }: Credentials): string {
  if (nkey !== '') return `Nkey "${printable(nkey)}"`;
  if (user !== '') return `User "${printable(user)}"`;
  return auth_token === '' ? '' : 'Token "[REDACTED]"';
}

/** What strangers send must not forge lines of the log. */
function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
