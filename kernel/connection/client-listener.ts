/** The client port: accepts, lets openers (TLS, PROXY headers) do their part, and starts the connection. */
import type { Broker } from '../broker.ts';
import { isRefusal, refuse } from '../hooks/refusal.ts';
import { withinDeadline } from '../host/deadline.ts';
import type { Listener } from '../ports/ports.ts';
import type { Address, Transport } from '../ports/transport.ts';
import { ClientConnection } from './client-connection.ts';
import { CloseReason } from './close-reason.ts';
import { CLIENT_PORT, type Entrance } from './entrance.ts';

/** A connection that is being opened. */
export interface Opening {
  readonly client: ClientConnection;
  readonly isInfoSent: boolean;
  /** Sends INFO, once, and makes sure that it has left. */
  sendInfo(): void;
}

/** Has a say between accept and the first byte of the protocol. Runs in the order of `place`. */
export interface Opener {
  readonly place: number;
  /** INFO must wait: this opener, or the broker after it, sends it. */
  readonly delaysInfo: boolean;
  /** Ends the connection itself when something is wrong. */
  open(opening: Opening): Promise<void>;
}

/** What plugins may take to decide whether a connection is wanted. */
const DECISION_MS = 10_000;

export class ClientListener {
  private readonly broker: Broker;
  private listener: Listener | null = null;
  private openers: Opener[] = [];

  constructor(broker: Broker) {
    this.broker = broker;
  }

  /** The port that was really taken; null while nothing listens. */
  get address(): Address | null {
    return this.listener;
  }

  /** Answers how to remove it again. */
  addOpener(opener: Opener): () => void {
    this.openers = [...this.openers, opener].sort((a, b) => a.place - b.place);
    return () => {
      this.openers = this.openers.filter((other) => other !== opener);
    };
  }

  async listen(): Promise<void> {
    const { options, ports, arena } = this.broker;
    if (options.port === null) return;
    const where = { host: options.host, port: options.port, readBuffer: arena.readBuffer };
    this.listener = await ports.network.listen(where, (transport) => this.accept(transport));
  }

  async close(): Promise<void> {
    const { listener } = this;
    this.listener = null;
    await listener?.close();
  }

  /** Serves a client over any transport: from the port, from a plugin's listener, or from within this process. */
  accept(transport: Transport, entrance: Entrance = CLIENT_PORT): void {
    const { broker } = this;
    if (broker.isClosed || broker.isLameDuck) {
      transport.destroy();
      return;
    }
    const decide = broker.hooks.connectionAccept.slot;
    if (decide === null) this.admit(transport, entrance);
    else {
      withinDeadline(broker.clock, DECISION_MS, decide(transport)).then(
        (answer) => this.admitUnless(answer, transport, entrance),
        (error: unknown) => this.admitUnless(refuse(String(error)), transport, entrance),
      );
    }
  }

  private admitUnless(answer: unknown, transport: Transport, entrance: Entrance): void {
    const { broker } = this;
    if (!isRefusal(answer) && !broker.isClosed && !broker.isLameDuck) {
      this.admit(transport, entrance);
      return;
    }
    if (isRefusal(answer)) broker.log.info(`refused a connection from ${transport.remote.host}: ${answer.reason}`);
    transport.destroy();
  }

  private admit(transport: Transport, entrance: Entrance): void {
    const { broker } = this;
    const client = new ClientConnection(broker, transport, entrance);
    const isFull = this.isFull();
    broker.register(client);
    broker.logOf(client).debug('Client connection created');
    const opening = new OpeningClient(client);
    if (!this.openers.some((opener) => opener.delaysInfo)) opening.sendInfo();
    if (isFull) {
      broker.limitHits.connections++;
      broker.logOf(client).error('maximum connections exceeded');
      client.sendError('maximum connections exceeded');
      client.begin();
      client.close(CloseReason.maxConnections);
    } else if (this.openers.length === 0) {
      client.begin();
    } else {
      void this.open(opening);
    }
  }

  private isFull(): boolean {
    const max = this.broker.options.maxConnections;
    return max < 0 || (max > 0 && this.broker.connections.size >= max);
  }

  private async open(opening: OpeningClient): Promise<void> {
    const { client } = opening;
    try {
      for (const opener of this.openers) {
        if (client.isClosed) return;
        await opener.open(opening);
      }
    } catch (error) {
      this.broker.logOf(client).error(`cannot open the connection: ${String(error)}`);
      client.close(CloseReason.readError);
    }
    if (client.isClosed) return;
    opening.sendInfo();
    client.begin();
  }
}

class OpeningClient implements Opening {
  readonly client: ClientConnection;
  isInfoSent = false;

  constructor(client: ClientConnection) {
    this.client = client;
  }

  sendInfo(): void {
    if (this.isInfoSent || this.client.isClosed) return;
    this.isInfoSent = true;
    this.client.sendInfo(this.client.broker.infoFor(this.client));
    this.client.outbound.flush();
  }
}
