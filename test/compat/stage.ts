/** One behaviour on its stage: a broker of its own, and connections that are closed when it is over. */
import type { ConnectionOptions, Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { OfficialClient, Reachable } from './clients.ts';

export interface Behaviour {
  /** What a user of the client sees. */
  readonly name: string;
  readonly config?: Readonly<Record<string, unknown>>;
  /** Makes no sense within a process. */
  readonly isRemoteOnly?: boolean;
  run(stage: Stage): Promise<void>;
}

export class Stage {
  readonly client: OfficialClient;
  readonly #broker: Reachable;
  readonly #connections: NatsConnection[] = [];

  constructor(client: OfficialClient, broker: Reachable) {
    this.client = client;
    this.#broker = broker;
  }

  async connect(options: ConnectionOptions = {}): Promise<NatsConnection> {
    const connection = await this.client.connect(this.#broker, { ...options, timeout: 5000 });
    this.#connections.push(connection);
    return connection;
  }

  /** Why a connection with these options is refused. */
  async refusal(options: ConnectionOptions): Promise<string> {
    try {
      await this.connect({ ...options, reconnect: false, maxReconnectAttempts: 0 });
    } catch (error) {
      const { name, message, code } = error as Error & { code?: string };
      return `${name} ${message} ${code ?? ''}`;
    }
    throw new Error('the connection was not refused');
  }

  async clear(): Promise<void> {
    for (const connection of this.#connections) await connection.close();
  }
}

/** The next `count` messages as text. */
export async function texts(subscription: Subscription, count: number): Promise<string[]> {
  return (await take(subscription, count)).map((message) => message.string());
}

export async function take(subscription: Subscription, count: number): Promise<Msg[]> {
  const messages: Msg[] = [];
  for await (const message of subscription) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
}

/** Whatever the subscription still gets until it is closed. */
export async function rest(subscription: Subscription): Promise<string[]> {
  const found: string[] = [];
  for await (const message of subscription) found.push(message.string());
  return found;
}
