/** What the system account may ask: to be rid of all that an account has. Everything else is for those who have streams. */
import {
  type Account,
  type Message,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
  subjectFromText,
  textFromSubject,
} from '../../../kernel/plugin-api.ts';
import { apiError } from '../../../protocols/jetstream/api-error.ts';
import { API_PREFIX, parseApiSubject } from '../../../protocols/jetstream/api-subject.ts';
import {
  accountPurgeReply,
  printErrorReply,
  printReply,
  printSystemError,
} from '../../../protocols/jetstream/replies.ts';
import type { StreamAccount } from '../account/stream-account.ts';
import type { Surroundings } from '../surroundings.ts';
import { FOR_SEVERAL_SERVERS } from './api-call.ts';
import { deleteStreamOf } from './stream-creation.ts';

const NOT_ENABLED = 10039;

export class SystemApi implements ServiceSink {
  readonly kind = SERVICE_SINK;
  private readonly of: Surroundings;
  private readonly account: Account;
  private readonly subscription: Subscription;
  private readonly streamsOf: (account: string) => StreamAccount | null;

  constructor(of: Surroundings, account: Account, streamsOf: (account: string) => StreamAccount | null) {
    this.of = of;
    this.account = account;
    this.streamsOf = streamsOf;
    this.subscription = new Subscription(this, `${API_PREFIX}>`, '', '');
    account.sublist.insert(this.subscription);
  }

  deliver(message: Message): boolean {
    const { reply } = message;
    const address = parseApiSubject(textFromSubject(message.subject));
    if (address?.endpoint === 'ACCOUNT.PURGE') void this.purge(address.account, reply);
    else if (address?.endpoint === 'INFO') this.say(reply, printErrorReply('INFO', apiError(NOT_ENABLED)));
    else if (address === null || !FOR_SEVERAL_SERVERS.test(address.endpoint)) {
      this.say(reply, printSystemError(apiError(NOT_ENABLED)));
    }
    return true;
  }

  private async purge(account: string, reply: string): Promise<void> {
    const streams = this.streamsOf(subjectFromText(account));
    this.say(reply, printReply('ACCOUNT.PURGE', accountPurgeReply, { initiated: true }));
    for (const stream of streams?.sorted() ?? []) await deleteStreamOf(streams!, stream);
  }

  private say(reply: string, body: string): void {
    if (reply !== '') this.of.outbox.send(this.account, reply, body);
  }

  close(): void {
    this.account.sublist.remove(this.subscription);
  }
}
