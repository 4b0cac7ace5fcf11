/** An entry of `leafnodes.remotes`: a server to hang on, and for which account. */
import {
  asArray,
  type ConfigNode,
  compressionField,
  defineSchema,
  type FieldUse,
  fields,
  GLOBAL_ACCOUNT,
  isValidSubject,
  mismatchText,
  type OptionsOf,
  type Problems,
  printed,
  quotedText,
  readDurationText,
  subjectFromText,
  typeName,
} from '../../../kernel/plugin-api.ts';
import { decodeSeed } from '../../../protocols/nkeys/nkey-text.ts';
import { type HttpProxy, readProxy } from './proxy-options.ts';
import { isWebSocket, parseRemoteUrl, type RemoteUrl } from './remote-url.ts';

const SECOND = 1000;

export const remoteSchema = defineSchema({
  urls: fields.custom('urls', 'URL or array of URLs', readUrls, {
    default: [] as readonly RemoteUrl[],
    aliases: ['url'],
    doc: 'Where that server is reached; one after the other is tried.',
  }),
  account: fields.string('account', {
    default: GLOBAL_ACCOUNT,
    aliases: ['local'],
    doc: 'The account here whose messages go there.',
  }),
  credentials: fields.string('credentials', {
    default: '',
    aliases: ['creds'],
    doc: 'A file with a token and a seed to log in with.',
  }),
  seed: fields.custom('nkey', 'seed', readSeed, { default: '', aliases: ['seed'], doc: 'A seed to log in with.' }),
  tls: fields.node('tls', { default: null, live: 'yes', doc: 'As the block `tls` of the client port.' }),
  isShuffled: fields.boolean('no_randomize', {
    default: true,
    isInverted: true,
    aliases: ['dont_randomize'],
    doc: 'The URLs are tried as they stand.',
  }),
  isHub: fields.boolean('hub', {
    default: false,
    doc: 'The other side hangs on this server, though this one connects.',
  }),
  denyImports: subjectsField('deny_imports', 'deny_import', 'Subjects whose messages do not come from there.'),
  denyExports: subjectsField('deny_exports', 'deny_export', 'Subjects whose messages do not go there.'),
  compressesFrames: fields.boolean('ws_compression', {
    default: false,
    aliases: ['ws_compress', 'websocket_compress', 'websocket_compression'],
    doc: 'permessage-deflate, over WebSocket.',
  }),
  isMasked: fields.boolean('ws_no_masking', {
    default: true,
    isInverted: true,
    aliases: ['websocket_no_masking'],
    doc: 'Frames are not masked, over WebSocket.',
  }),
  migratesAfterMs: fields.custom<'jetstream_cluster_migrate', number | null>(
    'jetstream_cluster_migrate',
    'boolean or map',
    readMigration,
    {
      default: null,
      aliases: ['js_cluster_migrate'],
      doc: 'Leaders of replicated streams move to other servers while the connection is down.',
    },
  ),
  isIsolated: fields.boolean('isolate_leafnode_interest', {
    default: false,
    aliases: ['isolate'],
    doc: 'Interest of other leafs is not passed on there.',
  }),
  asksForIsolation: fields.boolean('request_isolation', {
    default: false,
    doc: 'The other side is asked not to pass on interest of its other leafs.',
  }),
  compression: compressionField('s2_auto'),
  firstInfoTimeoutMs: fields.duration('first_info_timeout', {
    default: SECOND,
    zeroIsDefault: true,
    doc: 'How long the other side may take to say who it is.',
  }),
  dialTimeoutMs: fields.duration('dial_timeout', {
    default: 0,
    doc: 'How long connecting may take; 0: as long as the block says.',
  }),
  isDisabled: fields.boolean('disabled', { default: false, live: 'yes', doc: 'It is there, and not connected to.' }),
  ignoresDiscovered: fields.boolean('ignore_discovered_servers', {
    default: false,
    doc: 'Addresses the other side tells of are not tried.',
  }),
  proxy: fields.custom<'proxy', HttpProxy | null>('proxy', 'map', readProxy, {
    default: null,
    doc: 'An HTTP proxy to go through, over WebSocket.',
  }),
});

export type RemoteOptions = OptionsOf<typeof remoteSchema.fields>;

export function readRemotes(node: ConfigNode, { problems }: FieldUse): readonly RemoteOptions[] | undefined {
  if (node.kind !== 'array') {
    problems.error(node, `Expected remotes field to be an array, got ${typeName(node)}`);
    return undefined;
  }
  const remotes: RemoteOptions[] = [];
  for (const element of node.value) {
    const remote = readRemote(element, problems);
    if (remote === null) continue;
    const twin = remotes.find((other) => identityOf(other) === identityOf(remote));
    if (twin === undefined) remotes.push(remote);
    else problems.error(element, `duplicate remote ${identityText(remote)}`);
  }
  return remotes;
}

function readRemote(node: ConfigNode, problems: Problems): RemoteOptions | null {
  if (node.kind !== 'map') {
    problems.error(node, `Expected remote leafnode entry to be a map/struct, got ${printed(node)}`);
    return null;
  }
  const remote = remoteSchema.read(node, problems);
  if (remote.credentials !== '' && remote.seed !== '') {
    problems.error(node, 'Remote leafnode can not have both creds and nkey defined');
  }
  const webSockets = remote.urls.filter(isWebSocket).length;
  if (webSockets > 0 && webSockets < remote.urls.length) {
    const shown = remote.urls.map(({ scheme, host, port }) => quotedText(`${scheme}://${host}:${port}`)).join(' ');
    problems.error(
      node,
      `remote leaf node configuration cannot have a mix of websocket and non-websocket urls: [${shown}]`,
    );
  }
  if (remote.proxy !== null && !remote.urls.some(isWebSocket)) {
    problems.warning(
      node,
      'proxy configuration will be ignored: proxy settings only apply to WebSocket connections (ws:// or wss://), but all configured URLs use TCP connections (nats://)',
    );
  }
  return remote;
}

/** Two remotes that agree in this are one: a reload tells by it which is which. */
export function identityOf({ urls, account, credentials, seed }: RemoteOptions): string {
  return JSON.stringify([urls, account, credentials, seed]);
}

function identityText({ urls, account }: RemoteOptions): string {
  const shown = urls.map(({ scheme, host, port }) => quotedText(`${scheme}://${host}:${port}`));
  return `urls=[${shown.join(' ')}], account=${quotedText(account)}`;
}

function readUrls(node: ConfigNode, { problems }: FieldUse): readonly RemoteUrl[] | undefined {
  if (node.kind !== 'array' && node.kind !== 'string') {
    problems.error(node, `Expected remote leafnode url to be an array or string, got ${printed(node)}`);
    return undefined;
  }
  const items = node.kind === 'string' ? [node] : node.value;
  return items.flatMap((item) => {
    const url = item.kind === 'string' ? parseRemoteUrl(item.value) : null;
    if (url === null)
      problems.error(
        item,
        `error parsing leafnode url [${item.kind === 'string' ? quotedText(item.value) : printed(item)}]`,
      );
    return url ?? [];
  });
}

/** The seed is a secret: what is said of a bad one does not show it. */
function readSeed(node: ConfigNode, { problems }: FieldUse): string | undefined {
  if (node.kind !== 'string') {
    problems.error(node, mismatchText(node, 'string'));
    return undefined;
  }
  if (decodeSeed(node.value) !== null) return node.value;
  problems.error(node, 'Remote leafnode nkey is not a valid seed');
  return undefined;
}

function subjectsField<Key extends string>(key: Key, alias: string, doc: string) {
  return fields.custom<Key, readonly string[]>(key, 'subject or array of subjects', readSubjects, {
    default: [],
    aliases: [alias],
    doc,
  });
}

function readSubjects(node: ConfigNode, { problems }: FieldUse): readonly string[] | undefined {
  if (node.kind !== 'array' && node.kind !== 'string') {
    problems.error(node, `Expected subject permissions to be a subject, or array of subjects, got ${typeName(node)}`);
    return undefined;
  }
  const items = node.kind === 'string' ? [node] : (asArray(node, problems)?.value ?? []);
  return items.flatMap((item) => {
    if (item.kind === 'string' && isValidSubject(item.value)) return [subjectFromText(item.value)];
    problems.error(item, `subject ${printed(item)} is not a valid subject`);
    return [];
  });
}

function readMigration(node: ConfigNode, { problems }: FieldUse): number | null | undefined {
  if (node.kind === 'boolean') return node.value ? 0 : null;
  if (node.kind !== 'map') {
    problems.error(node, `Expected boolean or map for jetstream_cluster_migrate, got ${typeName(node)}`);
    return undefined;
  }
  let delayMs = 0;
  for (const { key, value, isReferenced } of node.value.values()) {
    if (key.toLowerCase() === 'leader_migrate_delay') delayMs = readDelay(value, problems);
    else if (!isReferenced) problems.error(value, `unknown field ${quotedText(key)}`);
  }
  return delayMs;
}

function readDelay(node: ConfigNode, problems: Problems): number {
  if (node.kind === 'string') return readDurationText(node, 'leader_migrate_delay', problems) ?? 0;
  problems.error(
    node,
    'invalid use of field "leader_migrate_delay": leader_migrate_delay should be converted to a duration',
  );
  return 0;
}
