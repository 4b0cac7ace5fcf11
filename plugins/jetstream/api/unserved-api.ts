/** Answers requests of accounts that have no streams: that they have none. */
import {
  type Account,
  clientBehind,
  type Message,
  SERVICE_SINK,
  type ServiceSink,
  textFromSubject,
} from '../../../kernel/plugin-api.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { type ApiAddress, parseApiSubject } from '../../../protocols/jetstream/api-subject.ts';
import { decodeConsumerRequest } from '../../../protocols/jetstream/consumer-create.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import { printErrorReply } from '../../../protocols/jetstream/replies.ts';
import {
  checkApiLevel,
  decodeLenient,
  decodeOptional,
  isEmptyBody,
  pauseRequest,
  REQUIRED_LEVEL_HEADER,
  unpinRequest,
} from '../../../protocols/jetstream/requests.ts';
import type { Surroundings } from '../surroundings.ts';
import { ANSWERED_ELSEWHERE, FOR_SEVERAL_SERVERS } from './api-call.ts';
import { ENDPOINT_HANDLERS } from './endpoints.ts';

const NOT_ENABLED = 10039;

export class UnservedApi implements ServiceSink {
  readonly kind = SERVICE_SINK;
  private readonly of: Surroundings;
  private readonly isServed: (account: Account) => boolean;

  constructor(of: Surroundings, isServed: (account: Account) => boolean) {
    this.of = of;
    this.isServed = isServed;
  }

  deliver(message: Message): boolean {
    const account = clientBehind(message.origin)?.account;
    if (account === undefined || this.isServed(account)) return false;
    const { subject } = message;
    if (ANSWERED_ELSEWHERE.some((prefix) => subject.startsWith(prefix))) return false;
    const address = parseApiSubject(textFromSubject(subject));
    if (address === null || FOR_SEVERAL_SERVERS.test(address.endpoint) || this.mayBeElsewhere(account, subject))
      return true;
    const { reply, header, body } = message.retain();
    if (reply === '') return true;
    const refusal = this.refusalOf(address, header, body);
    this.of.outbox.send(account, reply, printErrorReply(address.endpoint, refusal));
    return true;
  }

  /** Another account may serve it, and where a line leads to other brokers, one of these may have what this one has not. */
  private mayBeElsewhere({ connections, sublist }: Account, subject: string): boolean {
    const { links, services } = sublist.matchSubject(subject);
    if (links.length > 0 || services.some(({ sink }) => sink !== this)) return true;
    for (const { kindName } of connections) if (kindName === 'leaf') return true;
    return false;
  }

  /** What is looked at before it is asked whether there are any streams. */
  private refusalOf({ endpoint }: ApiAddress, header: Uint8Array, body: Uint8Array): ApiError {
    const level = fieldOf(header, REQUIRED_LEVEL_HEADER);
    const tooHigh = level === null ? null : checkApiLevel(level, this.of.server.level);
    if (tooHigh !== null) return tooHigh;
    if (ENDPOINT_HANDLERS[endpoint] === undefined) return apiError(10010);
    return this.bodyProblem(endpoint, body) ?? apiError(NOT_ENABLED);
  }

  private bodyProblem(endpoint: ApiAddress['endpoint'], body: Uint8Array): ApiError | null {
    switch (endpoint) {
      case 'CONSUMER.INFO':
        return isEmptyBody(body) ? null : apiError(10038);
      case 'CONSUMER.CREATE':
      case 'CONSUMER.DURABLE.CREATE':
        return problemIn(decodeConsumerRequest(body, this.of.isStrict));
      case 'CONSUMER.PAUSE':
        return problemIn(decodeOptional(body, pauseRequest, this.of.isStrict));
      case 'CONSUMER.UNPIN':
        return problemIn(decodeLenient(body, unpinRequest));
      default:
        return null;
    }
  }
}

function problemIn(decoded: object): ApiError | null {
  return 'number' in decoded ? (decoded as ApiError) : null;
}
