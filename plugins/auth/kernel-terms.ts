/** The kernel's objects by the names this plugin uses for them. */
import type { HookTypes, Schema } from '../../kernel/plugin-api.ts';

export type Broker = HookTypes['server'];
export type Connection = HookTypes['connection'];
export type Client = Parameters<Broker['infoFor']>[0];
export type Credentials = HookTypes['credentials'];
export type ServerInfo = HookTypes['info'];
export type CloseReason = HookTypes['closeReason'];

export type Identity = HookTypes['identity'];
export type Permissions = NonNullable<Identity['permissions']>;
export type ReplyAllowance = NonNullable<Permissions['replies']>;
export type DeliveryFilter = NonNullable<ReturnType<Permissions['deliveryFilter']>>;

export type ConfigNode = NonNullable<Parameters<Schema<Record<never, never>>['read']>[0]>;
export type MapNode = Extract<ConfigNode, { kind: 'map' }>;
export type MapEntry = MapNode['value'] extends Map<string, infer Entry> ? Entry : never;

/** Users without an account of their own belong to it. */
export const GLOBAL_ACCOUNT = '$G';

/** Connections that speak another protocol than clients bring their own challenge, or none. */
export function isClient(connection: Connection): connection is Client {
  return connection.kindName === 'client';
}
