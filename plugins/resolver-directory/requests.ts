/** The requests of the system account that a directory answers. */
import { Buffer } from 'node:buffer';
import type { PluginContext, RetainedMessage } from '../../kernel/plugin-api.ts';
import { encodeList, encodeOutcome, failed, type Outcome } from '../../protocols/jwt/resolver/answers.ts';
import { packLine } from '../../protocols/jwt/resolver/pack.ts';
import { RequestLine } from '../../protocols/jwt/resolver/request-line.ts';
import {
  ACCOUNT_LOOKUP,
  ACCOUNT_UPDATE,
  accountOf,
  CLAIMS_DELETE,
  CLAIMS_LIST,
  CLAIMS_PACK,
  CLAIMS_UPDATE,
  OLD_ACCOUNT_UPDATE,
  PACK_QUEUE,
} from '../../protocols/jwt/resolver/subjects.ts';
import type { ResolverHost, ResolverOptions } from '../operator/contract.ts';
import { deleteAccounts } from './deletions.ts';
import { deletesForGood, type Flavour, mayDelete } from './flavour.ts';
import type { Inbox } from './inbox.ts';
import type { TokenStore } from './token-store.ts';
import { update } from './updates.ts';

const PACKS = { requestsMax: 16, bytesMax: 1_048_576 };
/** Tokens of a pack that are read at a time. */
const PACK_SLICE = 64;
const TOO_MANY = 'too many requests wait, try again later';

export interface RequestSurroundings {
  readonly ctx: PluginContext;
  readonly flavour: Flavour;
  readonly options: ResolverOptions;
  readonly host: ResolverHost;
  readonly store: TokenStore;
  readonly inbox: Inbox;
}

type Serve = (request: RetainedMessage) => Promise<void>;

export class Requests {
  readonly #of: RequestSurroundings;
  /** Changes in their order, and reads that need not wait for them. */
  readonly #changes = new RequestLine();
  readonly #reads = new RequestLine();
  readonly #packs = new RequestLine(PACKS);
  readonly #disposers: (() => void)[] = [];

  constructor(surroundings: RequestSurroundings) {
    this.#of = surroundings;
    const { hasAll, texts } = surroundings.flavour;
    const change = this.#outcomes(
      (request) => update(accountOf(request.subject), text(request), surroundings),
      texts.error,
    );
    for (const subject of [ACCOUNT_UPDATE, OLD_ACCOUNT_UPDATE, CLAIMS_UPDATE])
      this.#serve(subject, '', this.#changes, change);
    this.#serve(
      CLAIMS_DELETE,
      '',
      this.#changes,
      this.#outcomes((request) => this.#delete(text(request)), 'delete failed'),
    );
    this.#serve(CLAIMS_LIST, '', this.#reads, (request) => this.#list(request));
    if (!hasAll) return;
    this.#serve(ACCOUNT_LOOKUP, '', this.#reads, (request) => this.#lookUp(request));
    this.#serve(CLAIMS_PACK, PACK_QUEUE, this.#packs, (request) => this.#pack(request));
  }

  async close(): Promise<void> {
    for (const dispose of this.#disposers) dispose();
    await Promise.all([this.#changes.idle(), this.#reads.idle(), this.#packs.idle()]);
  }

  #serve(subject: string, queue: string, line: RequestLine, serve: Serve): void {
    const { ctx, host, inbox } = this.#of;
    const handled = async (request: RetainedMessage): Promise<void> => {
      try {
        await serve(request);
      } catch (error) {
        ctx.kernel.log.error(`DirResolver - Error answering ${request.subject}: ${(error as Error).message}`);
      }
    };
    const dispose = ctx.subscribe(
      host.system,
      subject,
      (message) => {
        if (inbox.isOwn(message.reply)) return false;
        const request = message.retain();
        if (!line.take(request.body.length, () => handled(request))) this.#refuse(request);
        return true;
      },
      queue,
    );
    this.#disposers.push(dispose);
  }

  /** Whatever goes wrong, whoever pushes a token is told. */
  #outcomes(run: (request: RetainedMessage) => Promise<Outcome>, message: string): Serve {
    return async (request) => {
      const { ctx, host } = this.#of;
      const outcome = await run(request).catch((error: Error) =>
        failed(accountOf(request.subject), message, error.message),
      );
      const { account, failure } = outcome;
      const subject = account === '' ? '' : ` - ${account}`;
      if (failure === null) ctx.kernel.log.debug(`${outcome.message}${subject}`);
      else ctx.kernel.log.error(`${outcome.message}${subject} - ${failure}`);
      this.#answer(request, encodeOutcome(outcome, host.serverInfo()));
    };
  }

  #refuse(request: RetainedMessage): void {
    const { flavour, host, ctx } = this.#of;
    ctx.kernel.log.warn(`DirResolver - Refused a request to ${request.subject}: ${TOO_MANY}`);
    const outcome = failed(accountOf(request.subject), flavour.texts.error, TOO_MANY);
    if (/UPDATE$|DELETE$/.test(request.subject)) this.#answer(request, encodeOutcome(outcome, host.serverInfo()));
  }

  #delete(token: string): Promise<Outcome> {
    const { flavour, options, store, host } = this.#of;
    const rules = { isAllowed: mayDelete(flavour, options), isForGood: deletesForGood(flavour, options) };
    return deleteAccounts(token, { store, host, ...rules });
  }

  async #list(request: RetainedMessage): Promise<void> {
    const { store, host, ctx } = this.#of;
    const accountKeys = store.keys();
    ctx.kernel.log.debug(`list request responded with ${accountKeys.length} account ids`);
    this.#answer(request, encodeList(accountKeys, host.serverInfo()));
  }

  async #lookUp(request: RetainedMessage): Promise<void> {
    const accountKey = accountOf(request.subject);
    if (request.reply === '') return;
    const token = await this.#of.store.lookUp(accountKey);
    this.#answer(request, token ?? '');
  }

  async #pack(request: RetainedMessage): Promise<void> {
    const { store, ctx } = this.#of;
    if (request.reply === '') return;
    const { hash } = store;
    if (!isSame(request.body, hash)) {
      const accountKeys = store.keys();
      for (let from = 0; from < accountKeys.length; from += PACK_SLICE) {
        await this.#packSlice(request, accountKeys.slice(from, from + PACK_SLICE));
      }
    }
    this.#answer(request, '');
    const [theirs, ours] = [hexOf(request.body.subarray(0, hash.length)), hexOf(hash)];
    ctx.kernel.log.debug(`DirResolver - Pack request hash ${theirs} - finished responding with hash ${ours}`);
  }

  async #packSlice(request: RetainedMessage, accountKeys: readonly string[]): Promise<void> {
    const tokens = await Promise.all(accountKeys.map((accountKey) => this.#of.store.peek(accountKey)));
    tokens.forEach((token, at) => {
      if (token !== null) this.#answer(request, packLine(accountKeys[at]!, token));
    });
  }

  #answer({ reply }: RetainedMessage, body: string): void {
    const { ctx, host } = this.#of;
    if (reply !== '') ctx.kernel.broker.publisher.publish(host.system, { subject: reply, body });
  }
}

function text({ body }: RetainedMessage): string {
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString();
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
