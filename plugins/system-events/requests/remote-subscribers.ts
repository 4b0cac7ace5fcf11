/** How many subscriptions a subject has on other servers: each is asked, and not waited for long. */
import type { Account } from '../../../kernel/plugin-api.ts';
import type { Surroundings } from '../surroundings.ts';
import { NOT_HERE } from './asked.ts';

const PATIENCE_MS = 500;
const TOKEN_BYTES = 12;

/** Fulfilled when as many servers have answered as there are, or when it has taken too long. */
export function askOthers(of: Surroundings, servers: number, account: Account, text: string): Promise<number> {
  const { broker, system, clock, random } = of;
  const [subject = '', queue = ''] = text.trim().split(/\s+/);
  if (servers === 0 || subject === '') return Promise.resolve(0);
  const inbox = `$SYS._INBOX.${broker.identity.id}.${Buffer.from(random.bytes(TOKEN_BYTES)).toString('hex')}`;
  return new Promise((resolve) => {
    let sum = 0;
    let answers = 0;
    const finish = (): void => {
      timer.cancel();
      stop();
      resolve(sum);
    };
    const timer = clock.after(PATIENCE_MS, finish);
    const stop = broker.publisher.subscribe(system, inbox, '', (message) => {
      sum += Number.parseInt(Buffer.from(message.body).toString('latin1'), 10) || 0;
      if (++answers === servers) finish();
      return true;
    });
    const named = queue === '' ? {} : { queue: Buffer.from(queue).toString('base64') };
    const body = JSON.stringify({ acc: account.name, subject, ...named });
    broker.publisher.publish(system, { subject: '$SYS.REQ.ACCOUNT.NSUBS', reply: inbox, body, origin: NOT_HERE });
  });
}
