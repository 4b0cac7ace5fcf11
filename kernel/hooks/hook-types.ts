/** The kernel's objects as hooks hand them to plugins, gathered in one place so that the catalogue reads as a table. */

export interface HookTypes {
  /** The running broker. */
  server: unknown;
  /** The kernel's own options, typed and frozen. */
  options: unknown;
  /** What a reload changes. */
  reloadChange: unknown;
  /** An accepted byte pipe that is not yet a connection. */
  transport: unknown;
  connection: unknown;
  /** The INFO a connection is about to be sent. */
  info: unknown;
  /** What the client said in CONNECT. */
  credentials: unknown;
  /** Who the client turned out to be: account, user, permissions. */
  identity: unknown;
  account: unknown;
  /** What an account is made from: limits, keys, exports, imports. */
  accountSource: unknown;
  closeReason: unknown;
  subscription: unknown;
  /** A message in flight; borrowed, valid until the tap returns. */
  message: unknown;
  dropReason: unknown;
  advisory: unknown;
  /** Where `stats.collect` puts its figures. */
  statistics: unknown;
  traceHop: unknown;
  /** What serves one wire verb of one connection kind. */
  verbHandler: unknown;
}
