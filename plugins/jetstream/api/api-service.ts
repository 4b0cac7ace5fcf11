/** Answers the requests of one account, one after the other. */
import {
  type Message,
  type MessageTrace,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
  textFromSubject,
} from '../../../kernel/plugin-api.ts';
import { apiLimitReached } from '../../../protocols/jetstream/advisories.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import {
  API_PREFIX,
  type ApiAddress,
  type Endpoint,
  parseApiSubject,
  withoutDomain,
} from '../../../protocols/jetstream/api-subject.ts';
import { fieldOf, withFields } from '../../../protocols/jetstream/message-header.ts';
import { printErrorReply } from '../../../protocols/jetstream/replies.ts';
import { checkApiLevel, REQUIRED_LEVEL_HEADER } from '../../../protocols/jetstream/requests.ts';
import type { StreamAccount } from '../account/stream-account.ts';
import { passOn } from '../domain.ts';
import { failureOf } from '../stream/store-refusal.ts';
import type { Stream } from '../stream/stream.ts';
import { audit, isAudited } from './api-audit.ts';
import { ANSWERED_ELSEWHERE, type Answer, type ApiCall, callOf, FOR_SEVERAL_SERVERS } from './api-call.ts';
import { ENDPOINT_HANDLERS } from './endpoints.ts';

/** What is answered only when a crash can not undo it any more. */
const CHANGING: ReadonlySet<Endpoint> = new Set<Endpoint>([
  'STREAM.UPDATE',
  'STREAM.PURGE',
  'STREAM.MSG.DELETE',
  'CONSUMER.CREATE',
  'CONSUMER.DURABLE.CREATE',
  'CONSUMER.DELETE',
  'CONSUMER.PAUSE',
  'CONSUMER.RESET',
]);

/** What can be asked by the name of the domain. Nobody answers anything else. */
const IN_DOMAIN = ['INFO', 'STREAM.>', 'CONSUMER.>', 'DIRECT.>', 'META.>', 'SERVER.>', 'ACCOUNT.>', '$KV.>', '$OBJ.>'];

export class ApiService implements ServiceSink {
  readonly kind = SERVICE_SINK;
  readonly of: StreamAccount;
  private readonly subscriptions: Subscription[];
  private waiting: ApiCall[] = [];
  private isBusy = false;

  constructor(of: StreamAccount) {
    this.of = of;
    const { domain } = of.of;
    const named = domain === '' ? [] : IN_DOMAIN.map((rest) => `$JS.${domain}.API.${rest}`);
    this.subscriptions = [`${API_PREFIX}>`, ...named].map((pattern) => new Subscription(this, pattern, '', ''));
    for (const subscription of this.subscriptions) of.account.sublist.insert(subscription);
  }

  deliver(message: Message): boolean {
    const { subject } = message;
    if (!subject.startsWith(API_PREFIX)) return this.passOn(message, null);
    if (ANSWERED_ELSEWHERE.some((prefix) => subject.startsWith(prefix))) return false;
    const address = parseApiSubject(textFromSubject(subject));
    if (address === null || this.isNobodys(address)) return true;
    if (this.waiting.length >= this.of.of.requestsMax) this.shed();
    this.waiting.push(callOf(message, address, this.of));
    if (!this.isBusy) void this.work();
    return true;
  }

  /** A consumer answers for itself that it is to begin anew: where there is none, nobody does. */
  private isNobodys({ endpoint, stream, consumer }: ApiAddress): boolean {
    if (FOR_SEVERAL_SERVERS.test(endpoint)) return true;
    return endpoint === 'CONSUMER.RESET' && this.of.streams.get(stream)?.consumers.byName.has(consumer) !== true;
  }

  deliverTraced(message: Message, _subscription: Subscription, trace: MessageTrace): boolean {
    if (!message.subject.startsWith(API_PREFIX)) return this.passOn(message, trace);
    return trace.isOnly || this.deliver(message);
  }

  /** The same request, by the name that everybody knows. */
  private passOn(message: Message, trace: MessageTrace | null): boolean {
    const { account, of } = this.of;
    const plain = withoutDomain(message.subject, of.domain);
    const isOfBucket = plain.startsWith(`${API_PREFIX}$KV.`) || plain.startsWith(`${API_PREFIX}$OBJ.`);
    return passOn(of.broker, account, message, isOfBucket ? plain.slice(API_PREFIX.length) : plain, trace);
  }

  /** Too many wait: nobody of them is answered. */
  private shed(): void {
    const dropped = this.waiting.length;
    this.waiting = [];
    const { of } = this.of;
    of.log.warn(`${dropped} requests of the account '${this.of.account.name}' were dropped: too many wait`);
    const { system } = of.broker.accounts;
    if (system === null) return;
    of.advise(system, (head) => apiLimitReached(head, of.broker.name, dropped), '$JS.EVENT.ADVISORY.API.LIMIT_REACHED');
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    for (let call = this.waiting.shift(); call !== undefined; call = this.waiting.shift()) {
      const answer = this.begin(call);
      if (answer instanceof Promise) await answer;
    }
    this.isBusy = false;
  }

  private begin(call: ApiCall): void | Promise<void> {
    try {
      const answer = this.answer(call);
      if (!(answer instanceof Promise)) return this.reply(call, answer);
      return answer.then(
        (value) => this.reply(call, value),
        (error: Error) => this.failed(call, error),
      );
    } catch (error) {
      this.failed(call, error as Error);
    }
  }

  private answer(call: ApiCall): Answer | Promise<Answer> {
    const level = fieldOf(call.header, REQUIRED_LEVEL_HEADER);
    const refusal = level === null ? null : checkApiLevel(level, this.of.of.server.level);
    if (refusal !== null) return refusal;
    const handler = ENDPOINT_HANDLERS[call.address.endpoint];
    return handler === undefined ? apiError(10010) : handler(call);
  }

  private reply(call: ApiCall, answer: Answer): void {
    const stream = typeof answer === 'string' && CHANGING.has(call.address.endpoint) ? this.changed(call) : undefined;
    if (stream === undefined) this.send(call, answer);
    else {
      stream.whenDurable(
        () => this.send(call, answer),
        (error) => this.send(call, failureOf(error)),
      );
    }
  }

  private changed({ address }: ApiCall): Stream | undefined {
    return this.of.streams.get(address.stream);
  }

  private send(call: ApiCall, answer: Answer): void {
    const { account, of } = this.of;
    const isRefused = typeof answer !== 'string';
    const body = isRefused ? printErrorReply(call.address.endpoint, answer) : answer;
    const hasFields = call.replyFields.length > 0 && !(isRefused && answer.number !== 10225);
    const header = !hasFields ? undefined : withFields(new Uint8Array(0), call.replyFields);
    if (call.reply !== '') of.outbox.send(account, call.reply, body, header);
    if (isAudited(call, isRefused)) this.note(call, body, isRefused);
  }

  private note(call: ApiCall, body: string, isRefused: boolean): void {
    const { api } = this.of;
    api.total++;
    if (isRefused) api.errors++;
    audit(call, body);
  }

  private failed(call: ApiCall, error: Error): void {
    this.of.of.log.error(`the request ${call.address.endpoint} could not be answered: ${error.message}`);
    this.reply(call, internalError(error));
  }

  close(): void {
    this.of.account.sublist.removeAll(this.subscriptions);
    this.waiting = [];
  }
}

function internalError(error: Error): ApiError {
  return apiError(10051, { err: error.message });
}
