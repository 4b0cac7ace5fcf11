/** What the operator does for a resolver, with signatures checked for real. */
import type { Account } from '../../../kernel/accounts/account.ts';
import { isSigned, publicKeyOf } from '../../../kernel/accounts/signature.ts';
import type { PluginContext } from '../../../kernel/plugin-api.ts';
import type {
  AccountResolver,
  CheckedClaims,
  DeleteRequest,
  ResolverHost,
  ResolverKind,
  ResolverOptions,
} from '../../../plugins/operator/contract.ts';
import { serveLiveUpdates } from '../../../plugins/operator/live-updates.ts';
import { isAccountKey } from '../../../protocols/jwt/resolver/account-key.ts';
import { decodeToken, decodeTokenOf, signatureFailure, type Token } from '../../../protocols/jwt/token.ts';
import type { FakePorts } from '../../kits/fake-ports.ts';
import { type BenchOptions, type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';

type Plugin = Parameters<typeof startPlugin>[0];

type Failure = { readonly failure: string };

export class TestHost implements ResolverHost {
  readonly system: Account;
  readonly trusted: ReadonlySet<string>;
  readonly active = new Set<string>();
  /** By account, what was put into force last. */
  readonly applied = new Map<string, string>();
  readonly removedKeys: string[] = [];
  /** What `apply` answers. */
  refusal: string | null = null;
  /** Awaited by each `check`, for tests of what happens meanwhile. */
  pause: Promise<void> = Promise.resolve();

  constructor(system: Account, trusted: readonly string[]) {
    this.system = system;
    this.trusted = new Set(trusted);
  }

  isActive(accountKey: string): boolean {
    return this.active.has(accountKey);
  }

  async check(text: string): Promise<CheckedClaims | Failure> {
    await this.pause;
    const token = decodeTokenOf('account', text);
    if ('failure' in token) return token;
    if (!(await isSignatureRight(token))) return { failure: signatureFailure(token) };
    const { subject, name, issuedAt, expiresAt, issuer } = token.claims;
    if (!this.trusted.has(issuer)) return { failure: 'operator requires issuer to be a signing key' };
    return { accountKey: subject, name, issuedAt, expiresAt };
  }

  async apply(accountKey: string, token: string): Promise<string | null> {
    if (!this.active.has(accountKey)) return null;
    if (this.refusal === null) this.applied.set(accountKey, token);
    return this.refusal;
  }

  async checkDelete(text: string): Promise<DeleteRequest | Failure> {
    const token = decodeToken(text);
    if ('failure' in token) return token;
    if (!(await isSignatureRight(token))) return { failure: signatureFailure(token) };
    const { claims } = token;
    if (claims.issuer !== claims.subject) return { failure: 'not self signed' };
    if (!this.trusted.has(claims.issuer)) return { failure: 'not trusted' };
    const accounts = claims.type === 'generic' ? claims.nats.raw('accounts') : undefined;
    if (!Array.isArray(accounts) || !accounts.every(isAccountKey)) return { failure: 'malformed request' };
    return { subject: claims.subject, accountKeys: accounts as string[] };
  }

  removed(accountKey: string): void {
    this.removedKeys.push(accountKey);
  }

  serveUpdates(ctx: PluginContext): () => Promise<void> {
    return serveLiveUpdates(ctx, this);
  }

  serverInfo(): object {
    return { name: 'test' };
  }
}

function isSignatureRight({ claims, signedText, signature }: Token): Promise<boolean> {
  return isSigned(signedText, publicKeyOf(claims.issuer)!, signature);
}

export function resolverOptions(type: string, options: Partial<ResolverOptions> = {}): ResolverOptions {
  return {
    type,
    url: '',
    folder: '/jwt',
    allowsDelete: false,
    deletesForGood: false,
    accountsMax: 0,
    syncIntervalMs: 60_000,
    timeoutMs: 1900,
    ttlMs: 0,
    block: null,
    tls: null,
    preloads: new Map(),
    ...options,
  };
}

export interface Reply {
  readonly data?: { readonly account?: string; readonly code: number; readonly message: string };
  readonly error?: { readonly account?: string; readonly code: number; readonly description: string };
}

/** A resolver in a broker of its own, with time and disk in the test's hands. */
export class ResolverBench {
  readonly bench: PluginBench;
  readonly host: TestHost;
  readonly resolver: AccountResolver;

  private constructor(bench: PluginBench, host: TestHost, resolver: AccountResolver) {
    this.bench = bench;
    this.host = host;
    this.resolver = resolver;
  }

  static async open(
    plugin: Plugin,
    options: ResolverOptions,
    trusted: readonly string[],
    bench: BenchOptions<unknown> = {},
  ): Promise<ResolverBench> {
    const started = await startPlugin(plugin, bench);
    const host = new TestHost(started.broker.accounts.system!, trusted);
    const kind = started.host.capabilities.find('account.resolver', options.type)!.value as ResolverKind;
    try {
      return new ResolverBench(started, host, await kind.open(options, host));
    } catch (error) {
      await started.close();
      throw error;
    }
  }

  get ports(): FakePorts {
    return this.bench.ports;
  }

  /** What is answered, up to the first empty message or the given number. */
  answers(subject: string, body: string | Uint8Array, count = Infinity): Promise<string[]> {
    const { publisher } = this.bench.broker;
    const { system } = this.host;
    const reply = `_INBOX.${++replies}`;
    return new Promise((resolve, reject) => {
      const answers: string[] = [];
      const end = publisher.subscribe(system, reply, '', (message) => {
        const text = Buffer.from(message.body).toString();
        answers.push(text);
        if (text === '' || answers.length === count) {
          end();
          resolve(answers);
        }
        return true;
      });
      if (publisher.publish(system, { subject, reply, body }) === 0) {
        end();
        reject(new Error(`nobody serves ${subject}`));
      }
    });
  }

  async request(subject: string, body: string | Uint8Array = ''): Promise<string> {
    const [answer] = await this.answers(subject, body, 1);
    return answer!;
  }

  /** The message or the failure a change is answered with, with the account in front where there is one. */
  async change(subject: string, body: string): Promise<string> {
    const { data, error } = JSON.parse(await this.request(subject, body)) as Reply;
    const { account } = (data ?? error)!;
    const text = data?.message ?? error!.description;
    return account === undefined ? text : `${account}: ${text}`;
  }

  async list(): Promise<string[]> {
    return (JSON.parse(await this.request('$SYS.REQ.CLAIMS.LIST')) as { data: string[] }).data;
  }

  async close(): Promise<void> {
    await this.resolver.close();
    await this.bench.close();
  }
}

let replies = 0;
