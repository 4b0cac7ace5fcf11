/** The kernel's objects as hooks hand them to plugins, gathered in one place so that the catalogue reads as a table. */
import type { Account } from '../accounts/account.ts';
import type { Broker } from '../broker.ts';
import type { AccountOptions, BrokerOptions } from '../broker-options.ts';
import type { Advisory, Statistics } from '../broker-report.ts';
import type { DropReason } from '../connection/client-connection.ts';
import type { ClientOptions } from '../connection/client-options.ts';
import type { CloseReason } from '../connection/close-reason.ts';
import type { Connection } from '../connection/connection.ts';
import type { ServerInfo } from '../connection/info.ts';
import type { Identity } from '../permissions/permissions.ts';
import type { Transport } from '../ports/transport.ts';
import type { Message } from '../routing/message.ts';
import type { Station } from '../routing/message-trace.ts';
import type { Subscription } from '../routing/subscription.ts';

export interface HookTypes {
  /** The running broker. */
  server: Broker;
  /** The kernel's own options, typed and frozen. */
  options: BrokerOptions;
  /** What a reload changes. */
  reloadChange: unknown;
  /** An accepted byte pipe that is not yet a connection. */
  transport: Transport;
  connection: Connection;
  /** The INFO a connection is about to be sent. */
  info: ServerInfo;
  /** What the client said in CONNECT. */
  credentials: Readonly<ClientOptions>;
  /** Who the client turned out to be: account, user, permissions. */
  identity: Identity;
  account: Account;
  /** What an account is made from: limits, keys, exports, imports. */
  accountSource: Omit<AccountOptions, 'name'>;
  closeReason: CloseReason;
  subscription: Subscription;
  /** A message in flight; borrowed, valid until the tap returns. */
  message: Message;
  /** In words: `slow` for a receiver over its gate, `closed` for one that is gone. */
  dropReason: DropReason;
  advisory: Advisory;
  /** Where `stats.collect` puts its figures. */
  statistics: Statistics;
  /** One thing that happened to a traced message. */
  traceStation: Station;
  /** What serves one wire verb of one connection kind. */
  verbHandler: unknown;
}
