/** The official clients, as far as they differ. What they share has the types of the newer one. */
import type { Authenticator, ConnectionOptions, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import * as current from '@nats-io/transport-node';
import * as former from 'nats';
import type { EmbeddedServer } from '../../bin/index.ts';

/** A broker to connect to: ours in this process, or any by its URL. */
export interface Reachable {
  readonly url: string;
  readonly embedded: EmbeddedServer | null;
}

export interface Denial {
  operation: string;
  subject: string;
}

export interface OfficialClient {
  readonly name: string;
  /** Over TCP; otherwise within the process. */
  readonly isRemote: boolean;
  connect(broker: Reachable, options: ConnectionOptions): Promise<NatsConnection>;
  headers(): MsgHdrs;
  nkeyAuthenticator(seed: string): Authenticator;
  /** The next report of something the broker did not permit. */
  nextDenial(connection: NatsConnection): Promise<Denial>;
}

const currentClient: OfficialClient = {
  name: '@nats-io/transport-node',
  isRemote: true,
  connect: ({ url }, options) => current.connect({ ...options, servers: url }),
  headers: () => current.headers(),
  nkeyAuthenticator: (seed) => current.nkeyAuthenticator(Buffer.from(seed)),
  async nextDenial(connection) {
    for await (const status of connection.status()) {
      if (status.type === 'error' && status.error instanceof current.PermissionViolationError) return status.error;
    }
    throw new Error('the connection was closed without a permission error');
  },
};

const inProcessClient: OfficialClient = {
  ...currentClient,
  name: '@nats-io/nats-core within the process',
  isRemote: false,
  connect({ embedded }, options) {
    if (embedded === null) throw new Error('only an embedded broker can be reached within the process');
    return current.wsconnect({ ...options, ...embedded.inProcess() });
  },
};

const formerClient: OfficialClient = {
  name: 'nats 2',
  isRemote: true,
  connect: async ({ url }, options) =>
    (await former.connect({ ...(options as former.ConnectionOptions), servers: url })) as unknown as NatsConnection,
  headers: () => former.headers() as unknown as MsgHdrs,
  nkeyAuthenticator: (seed) => former.nkeyAuthenticator(Buffer.from(seed)) as unknown as Authenticator,
  async nextDenial(connection) {
    for await (const status of (connection as unknown as former.NatsConnection).status()) {
      if (status.permissionContext !== undefined) return status.permissionContext;
    }
    throw new Error('the connection was closed without a permission error');
  },
};

export const REMOTE_CLIENTS: readonly OfficialClient[] = [currentClient, formerClient];
export const ALL_CLIENTS: readonly OfficialClient[] = [...REMOTE_CLIENTS, inProcessClient];
