/** Where requests go, and what their subjects say. */

export const API_PREFIX = '$JS.API.';
export const TYPE_PREFIX = 'io.nats.jetstream.api.v1.';

/** What stands where in an endpoint's subject: a stream, a consumer, an account, or a filter with all that follows. */
type Part = 's' | 'c' | 'a' | 'f';

interface EndpointRow {
  /** Of `TYPE_PREFIX`; empty where the answer is no JSON. */
  readonly type: string;
  readonly parts: readonly Part[];
  /** Only looks: it waits behind requests that change something. */
  readonly isInfo?: boolean;
}

export const ENDPOINTS = {
  INFO: { type: 'account_info_response', parts: [], isInfo: true },
  'STREAM.CREATE': { type: 'stream_create_response', parts: ['s'] },
  'STREAM.UPDATE': { type: 'stream_update_response', parts: ['s'] },
  'STREAM.NAMES': { type: 'stream_names_response', parts: [], isInfo: true },
  'STREAM.LIST': { type: 'stream_list_response', parts: [], isInfo: true },
  'STREAM.INFO': { type: 'stream_info_response', parts: ['s'], isInfo: true },
  'STREAM.DELETE': { type: 'stream_delete_response', parts: ['s'] },
  'STREAM.PURGE': { type: 'stream_purge_response', parts: ['s'] },
  'STREAM.SNAPSHOT': { type: 'stream_snapshot_response', parts: ['s'] },
  'STREAM.RESTORE': { type: 'stream_restore_response', parts: ['s'] },
  'STREAM.MSG.DELETE': { type: 'stream_msg_delete_response', parts: ['s'] },
  'STREAM.MSG.GET': { type: 'stream_msg_get_response', parts: ['s'] },
  'STREAM.PEER.REMOVE': { type: 'stream_remove_peer_response', parts: ['s'] },
  'STREAM.PEER.EVACUATE': { type: 'stream_evacuate_peer_response', parts: ['s'] },
  'STREAM.CANCEL_MOVE': { type: 'stream_cancel_move_response', parts: ['s'] },
  'STREAM.LEADER.STEPDOWN': { type: 'stream_leader_stepdown_response', parts: ['s'] },
  'CONSUMER.CREATE': { type: 'consumer_create_response', parts: ['s', 'c', 'f'] },
  'CONSUMER.DURABLE.CREATE': { type: 'consumer_create_response', parts: ['s', 'c'] },
  'CONSUMER.NAMES': { type: 'consumer_names_response', parts: ['s'], isInfo: true },
  'CONSUMER.LIST': { type: 'consumer_list_response', parts: ['s'], isInfo: true },
  'CONSUMER.INFO': { type: 'consumer_info_response', parts: ['s', 'c'], isInfo: true },
  'CONSUMER.DELETE': { type: 'consumer_delete_response', parts: ['s', 'c'] },
  'CONSUMER.PAUSE': { type: 'consumer_pause_response', parts: ['s', 'c'] },
  'CONSUMER.UNPIN': { type: 'consumer_unpin_response', parts: ['s', 'c'] },
  'CONSUMER.RESET': { type: 'consumer_reset_response', parts: ['s', 'c'] },
  'CONSUMER.LEADER.STEPDOWN': { type: 'consumer_leader_stepdown_response', parts: ['s', 'c'] },
  'CONSUMER.MSG.NEXT': { type: '', parts: ['s', 'c'] },
  'DIRECT.GET': { type: '', parts: ['s', 'f'] },
  'META.LEADER.STEPDOWN': { type: 'meta_leader_stepdown_response', parts: [] },
  'SERVER.REMOVE': { type: 'meta_server_remove_response', parts: [] },
  'ACCOUNT.PURGE': { type: 'account_purge_response', parts: ['a'] },
  'ACCOUNT.STREAM.MOVE': { type: 'stream_move_response', parts: ['a', 's'] },
  'ACCOUNT.STREAM.CANCEL_MOVE': { type: 'stream_move_response', parts: ['a', 's'] },
} as const satisfies Readonly<Record<string, EndpointRow>>;

export type Endpoint = keyof typeof ENDPOINTS;

/** Empty for what a subject leaves out. */
export interface ApiAddress {
  readonly endpoint: Endpoint;
  readonly stream: string;
  readonly consumer: string;
  readonly filter: string;
  readonly account: string;
}

const WORDS_MAX = 3;
/** What may be left out at the end. */
const OPTIONAL_PARTS: Readonly<Partial<Record<Endpoint, number>>> = { 'CONSUMER.CREATE': 2, 'DIRECT.GET': 1 };

/** Null for subjects that nobody answers: too few tokens, too many, or an unknown word. */
export function parseApiSubject(subject: string): ApiAddress | null {
  if (!subject.startsWith(API_PREFIX)) return null;
  const tokens = subject.slice(API_PREFIX.length).split('.');
  if (tokens.includes('')) return null;
  for (let words = Math.min(WORDS_MAX, tokens.length); words > 0; words--) {
    const name = tokens.slice(0, words).join('.');
    if (!Object.hasOwn(ENDPOINTS, name)) continue;
    const address = readParts(name as Endpoint, tokens.slice(words));
    if (address !== null) return address;
  }
  return null;
}

function readParts(endpoint: Endpoint, values: readonly string[]): ApiAddress | null {
  const parts: readonly Part[] = ENDPOINTS[endpoint].parts;
  if (values.length < parts.length - (OPTIONAL_PARTS[endpoint] ?? 0)) return null;
  const takesRest = parts.at(-1) === 'f';
  if (values.length > parts.length && !takesRest) return null;
  const take = (part: Part): string => {
    const at = parts.indexOf(part);
    if (at < 0) return '';
    return part === 'f' ? values.slice(at).join('.') : (values[at] ?? '');
  };
  return {
    endpoint,
    stream: take('s'),
    consumer: take('c'),
    filter: take('f'),
    account: take('a'),
  };
}

export function buildApiSubject(address: Partial<ApiAddress> & { readonly endpoint: Endpoint }): string {
  const { endpoint, account = '', stream = '', consumer = '', filter = '' } = address;
  const values = [account, stream, consumer, filter].filter((value) => value !== '');
  return [API_PREFIX + endpoint, ...values].join('.');
}

/** Renaming that lets requests and data of a domain be reached by its name, from wherever they come. */
export function domainMappings(domain: string): readonly (readonly [source: string, destination: string])[] {
  const prefix = `$JS.${domain}.API`;
  const groups = ['STREAM', 'CONSUMER', 'DIRECT', 'META', 'SERVER', 'ACCOUNT'];
  return [
    [`${prefix}.INFO`, `${API_PREFIX}INFO`],
    ...groups.map((group) => [`${prefix}.${group}.>`, `${API_PREFIX}${group}.>`] as const),
    [`${prefix}.$KV.>`, '$KV.>'],
    [`${prefix}.$OBJ.>`, '$OBJ.>'],
  ];
}

/** As it would be without the name of a domain. */
export function withoutDomain(subject: string, domain: string): string {
  const prefix = `$JS.${domain}.API.`;
  return domain !== '' && subject.startsWith(prefix) ? API_PREFIX + subject.slice(prefix.length) : subject;
}

export function directGetSubjects(stream: string): readonly [whole: string, bySubject: string] {
  return [`${API_PREFIX}DIRECT.GET.${stream}`, `${API_PREFIX}DIRECT.GET.${stream}.>`];
}

/** The group in which streams and their mirrors answer direct gets. */
export const DIRECT_GET_QUEUE = '_sys_';

export function nextMessageSubject(stream: string, consumer: string): string {
  return `${API_PREFIX}CONSUMER.MSG.NEXT.${stream}.${consumer}`;
}

export function resetSubject(stream: string, consumer: string): string {
  return `${API_PREFIX}CONSUMER.RESET.${stream}.${consumer}`;
}

/** How a client confirms that it got so far. `id` is made up for each request. */
export function flowControlSubject(stream: string, consumer: string, id: string): string {
  return `$JS.FC.${stream}.${consumer}.${id}`;
}

/** Of the newer form, that crosses domains. */
export function flowControlSubjectV2(place: AckPlace, stream: string, consumer: string, id: string): string {
  return `$JS.FC.${place.domain === '' ? '_' : place.domain}.${place.accountHash}.${stream}.${consumer}.${id}`;
}

export interface AckPlace {
  readonly domain: string;
  readonly accountHash: string;
}

export function snapshotAckSubject(stream: string, id: string, size: number, index: number): string {
  return `$JS.SNAPSHOT.ACK.${stream}.${id}.${size}.${index}`;
}

export function restoreSubject(stream: string, id: string): string {
  return `$JS.SNAPSHOT.RESTORE.${stream}.${id}`;
}

/** Where a mirror or a source has its messages sent to. */
export function syncDeliverySubject(kind: 'M' | 'S', id: string, prefix: string): string {
  return prefix === '' ? `$JS.${kind}.${id}` : `${prefix}.${kind}.${id}`;
}
