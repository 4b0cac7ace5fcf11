/** An account: what it shares, how much it may use, who may sign for it. */
import type { SharingKind } from './activation-claims.ts';
import type { StandardClaims } from './claims.ts';
import { asInteger, asText, MemberReader } from './member-reader.ts';
import { type PermissionClaims, readGrants, readPermissions, type UserGrants } from './permission-claims.ts';

export interface ImportClaims {
  readonly name: string;
  readonly subject: string;
  readonly account: string;
  /** An activation token; empty for none. */
  readonly token: string;
  /** The old way to rename, see the reference of services: the meaning depends on the kind. */
  readonly to: string;
  readonly localSubject: string;
  readonly kind: SharingKind;
  readonly sharesRequester: boolean;
  readonly allowsTrace: boolean;
}

export interface LatencyClaims {
  /** Percent; 0 for those whose headers ask for it. */
  readonly sampling: number;
  readonly results: string;
}

export interface ExportClaims {
  readonly name: string;
  readonly subject: string;
  readonly kind: SharingKind;
  readonly isTokenRequired: boolean;
  /** By the importer's key, or `*`: activations issued up to then, in seconds, count no more. */
  readonly revocations: ReadonlyMap<string, number>;
  readonly responseType: string;
  /** Nanoseconds; 0 for the default. */
  readonly responseThreshold: number;
  readonly latency: LatencyClaims | null;
  readonly accountPosition: number;
  readonly isAdvertised: boolean;
  readonly allowsTrace: boolean;
}

/** -1 is no limit, 0 none at all. */
export interface AccountLimitClaims {
  readonly subscriptions: number;
  readonly data: number;
  readonly payload: number;
  readonly imports: number;
  readonly exports: number;
  readonly allowsWildcardExports: boolean;
  readonly isBearerDisallowed: boolean;
  readonly connections: number;
  readonly leafNodes: number;
  readonly storage: StorageLimitClaims;
  readonly tiers: ReadonlyMap<string, StorageLimitClaims>;
}

export interface StorageLimitClaims {
  readonly memory: number;
  readonly disk: number;
  readonly streams: number;
  readonly consumers: number;
  readonly maxAckPending: number;
  readonly memoryMaxStreamBytes: number;
  readonly diskMaxStreamBytes: number;
  readonly isMaxBytesRequired: boolean;
}

/** A key that may sign users, perhaps only users of one kind. */
export interface SigningKeyClaims {
  readonly key: string;
  /** Null: users bring permissions of their own. */
  readonly scope: { readonly role: string; readonly description: string; readonly template: UserGrants } | null;
}

export interface MappingClaims {
  readonly subject: string;
  /** 0 stands for 100. */
  readonly weight: number;
  readonly cluster: string;
}

export interface AccountClaims extends StandardClaims {
  readonly type: 'account';
  readonly imports: readonly ImportClaims[];
  readonly exports: readonly ExportClaims[];
  readonly limits: AccountLimitClaims;
  readonly signingKeys: readonly SigningKeyClaims[];
  /** By user key, or `*`: tokens issued up to then, in seconds, count no more. */
  readonly revocations: ReadonlyMap<string, number>;
  readonly defaultPermissions: PermissionClaims;
  readonly mappings: ReadonlyMap<string, readonly MappingClaims[]>;
  readonly authorization: AuthorizationClaims;
  readonly trace: { readonly destination: string; readonly sampling: number } | null;
  readonly clusterTraffic: string;
}

/** A service of this account says who may log in. */
export interface AuthorizationClaims {
  readonly authUsers: readonly string[];
  readonly allowedAccounts: readonly string[];
  readonly xkey: string;
}

export function readAccount(standard: StandardClaims, nats: MemberReader): AccountClaims {
  return {
    ...standard,
    type: 'account',
    imports: nats.objects('imports', readImport),
    exports: nats.objects('exports', readExport),
    limits: readLimits(nats.object('limits'), standard.version),
    signingKeys: nats.list('signing_keys', readSigningKey),
    revocations: nats.record('revocations', asInteger),
    defaultPermissions: readPermissions(nats.object('default_permissions')),
    mappings: nats.record('mappings', readMappings),
    authorization: readAuthorization(nats.object('authorization')),
    trace: nats.has('trace') ? readTrace(nats.object('trace')) : null,
    clusterTraffic: nats.text('cluster_traffic'),
  };
}

function readImport(reader: MemberReader): ImportClaims {
  return {
    name: reader.text('name'),
    subject: reader.text('subject'),
    account: reader.text('account'),
    token: reader.text('token'),
    to: reader.text('to'),
    localSubject: reader.text('local_subject'),
    kind: reader.text('type'),
    sharesRequester: reader.flag('share'),
    allowsTrace: reader.flag('allow_trace'),
  };
}

function readExport(reader: MemberReader): ExportClaims {
  return {
    name: reader.text('name'),
    subject: reader.text('subject'),
    kind: reader.text('type'),
    isTokenRequired: reader.flag('token_req'),
    revocations: reader.record('revocations', asInteger),
    responseType: reader.text('response_type'),
    responseThreshold: reader.integer('response_threshold'),
    latency: reader.has('service_latency') ? readLatency(reader.object('service_latency')) : null,
    accountPosition: reader.integer('account_token_position'),
    isAdvertised: reader.flag('advertise'),
    allowsTrace: reader.flag('allow_trace'),
  };
}

/** A number, or the word for requests that ask for it. */
function readLatency(reader: MemberReader): LatencyClaims {
  const byHeaders = reader.raw('sampling') === 'headers';
  return { sampling: byHeaders ? 0 : reader.integer('sampling'), results: reader.text('results') };
}

function readLimits(reader: MemberReader, version: number): AccountLimitClaims {
  return {
    subscriptions: reader.integer('subs'),
    data: reader.integer('data'),
    payload: reader.integer('payload'),
    imports: reader.integer('imports'),
    exports: reader.integer('exports'),
    allowsWildcardExports: reader.flag('wildcards'),
    isBearerDisallowed: version >= 2 && reader.flag('disallow_bearer'),
    connections: reader.integer('conn'),
    leafNodes: reader.integer('leaf'),
    storage: readStorage(reader),
    tiers: reader.record('tiered_limits', (value, path) => readStorage(new MemberReader(value, path))),
  };
}

function readStorage(reader: MemberReader): StorageLimitClaims {
  return {
    memory: reader.integer('mem_storage'),
    disk: reader.integer('disk_storage'),
    streams: reader.integer('streams'),
    consumers: reader.integer('consumer'),
    maxAckPending: reader.integer('max_ack_pending'),
    memoryMaxStreamBytes: reader.integer('mem_max_stream_bytes'),
    diskMaxStreamBytes: reader.integer('disk_max_stream_bytes'),
    isMaxBytesRequired: reader.flag('max_bytes_required'),
  };
}

function readSigningKey(value: unknown, path: string): SigningKeyClaims {
  if (typeof value === 'string') return { key: value, scope: null };
  const reader = new MemberReader(value, path);
  const scope = {
    role: reader.text('role'),
    description: reader.text('description'),
    template: readGrants(reader.object('template')),
  };
  return { key: reader.text('key'), scope };
}

function readMappings(value: unknown, path: string): readonly MappingClaims[] {
  const holder = new MemberReader({ mappings: value }, path);
  return holder.objects('mappings', (reader) => ({
    subject: reader.text('subject'),
    weight: reader.integer('weight'),
    cluster: reader.text('cluster'),
  }));
}

function readAuthorization(reader: MemberReader): AuthorizationClaims {
  return {
    authUsers: reader.list('auth_users', asText),
    allowedAccounts: reader.list('allowed_accounts', asText),
    xkey: reader.text('xkey'),
  };
}

function readTrace(reader: MemberReader): { destination: string; sampling: number } {
  return { destination: reader.text('dest'), sampling: reader.integer('sampling') };
}
