/** Answers who is connected and how much each account sends: on a subject, and for the monitor over HTTP. */
import { definePlugin, defineSchema, fields, type HookTypes } from 'gnatlet/plugin';

const schema = defineSchema({
  subject: fields.string('subject', {
    default: 'broker.traffic',
    doc: 'Requests on this subject of the account $G are answered.',
  }),
});

interface AccountTraffic {
  account: string;
  connections: number;
  messagesIn: number;
  messagesOut: number;
}

export const plugin = definePlugin({
  name: 'traffic',
  version: '1.0.0',
  api: [1],
  summary: 'Tells which account sends how much',
  config: { key: 'traffic', schema },
  subjects: ['broker.traffic'],
  endpoints: [{ path: '/trafficz', summary: 'Messages by account' }],

  register(ctx) {
    const past = new Map<string, AccountTraffic>();
    const { broker } = ctx.kernel;

    // The broker counts per connection as it goes. What is gone has to be added up when it goes.
    ctx.tap('connection.closed', (connection) => add(past, connection, 0));

    const report = (): AccountTraffic[] => {
      const sums = new Map([...past].map(([account, traffic]) => [account, { ...traffic }]));
      for (const connection of broker.connections.values()) add(sums, connection, 1);
      return [...sums.values()];
    };

    ctx.endpoint('/trafficz', report);
    ctx.subscribe(broker.accounts.global, ctx.config.subject, (request) => {
      // The request is only lent to us: its reply subject is copied by reading it.
      broker.publisher.publish(broker.accounts.global, { subject: request.reply, body: JSON.stringify(report()) });
      return true;
    });
  },
});

function add(sums: Map<string, AccountTraffic>, connection: HookTypes['connection'], present: number): void {
  const account = connection.account.name;
  const sum = sums.get(account) ?? { account, connections: 0, messagesIn: 0, messagesOut: 0 };
  sum.connections += present;
  sum.messagesIn += connection.inMessages;
  sum.messagesOut += connection.outMessages;
  sums.set(account, sum);
}
