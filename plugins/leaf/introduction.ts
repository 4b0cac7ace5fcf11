/** What this server says of itself, as a hub in INFO and as a leaf in CONNECT. */
import { API_LEVEL, NATS_VERSION, type SubjectRules, textFromSubject } from '../../kernel/plugin-api.ts';
import type { LeafConnection } from './leaf-connection.ts';
import type { Leafs } from './leafs.ts';

/** The version of the protocol: 3 says that traced messages are understood. */
export const PROTOCOL = 3;

export interface InfoWishes {
  /** Before CONNECT: what to sign, and how to pack. */
  readonly nonce?: string;
  readonly compression?: string;
  /** After it: where the leaf ended up, and what it may do. */
  readonly account?: { readonly name: string; readonly isSystem: boolean };
  readonly import?: SubjectRules;
  readonly export?: SubjectRules;
}

export function infoOf(leafs: Leafs, connection: LeafConnection, wishes: InfoWishes): object {
  const { broker } = leafs;
  const { host, port } = leafs.advertised;
  return {
    server_id: broker.identity.id,
    server_name: broker.name,
    version: NATS_VERSION,
    proto: PROTOCOL,
    go: `node${process.versions.node}`,
    host,
    port,
    headers: broker.options.supportsHeaders,
    auth_required: true,
    tls_required: leafs.isSecure(connection) ? true : undefined,
    tls_verify: leafs.isSecure(connection) && leafs.asksForCertificates ? true : undefined,
    max_payload: broker.options.maxPayload,
    jetstream: leafs.streams?.isOn === true ? true : undefined,
    ip: leafs.ownUrl,
    client_id: connection.id,
    nonce: wishes.nonce,
    cluster: unlessEmpty(leafs.clusterName),
    connect_info: wishes.account === undefined ? undefined : true,
    remote_account: wishes.account === undefined ? undefined : textFromSubject(wishes.account.name),
    acc_is_sys: wishes.account?.isSystem === true ? true : undefined,
    compression: wishes.compression,
    domain: unlessEmpty(leafs.streams?.name ?? ''),
    api_lvl: API_LEVEL,
    import: rulesOf(wishes.import),
    export: rulesOf(wishes.export),
    info_on_connect: true,
    leafnode_urls: leafs.urls,
    ws_connect_urls: leafs.webSocketUrls.length === 0 ? undefined : leafs.webSocketUrls,
  };
}

export interface ConnectWishes {
  readonly login: object;
  readonly isHub: boolean;
  readonly denyImports: readonly string[];
  readonly asksForIsolation: boolean;
  readonly compression: string;
  readonly account: string;
  readonly hasStreams: boolean;
}

export function connectOf(leafs: Leafs, wishes: ConnectWishes): object {
  const { broker } = leafs;
  const { denyImports } = wishes;
  return {
    version: NATS_VERSION,
    ...wishes.login,
    server_id: broker.identity.id,
    name: broker.name,
    domain: unlessEmpty(leafs.streams?.name ?? ''),
    is_hub: wishes.isHub ? true : undefined,
    cluster: leafs.ownCluster,
    headers: broker.options.supportsHeaders,
    deny_pub: denyImports.length === 0 ? undefined : denyImports.map(textFromSubject),
    isolate: wishes.asksForIsolation ? true : undefined,
    jetstream: wishes.hasStreams ? true : undefined,
    compress_mode: wishes.compression,
    remote_account: textFromSubject(wishes.account),
    protocol: PROTOCOL,
    asks_anew: true,
  };
}

/** Undefined where everything is allowed. */
function rulesOf(rules: SubjectRules | undefined): object | undefined {
  if (rules === undefined || (rules.allow === null && rules.deny.length === 0)) return undefined;
  const { allow, deny } = rules;
  return {
    allow: allow === null ? undefined : allow.map(textFromSubject),
    deny: deny.length === 0 ? undefined : deny.map(textFromSubject),
  };
}

function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}
