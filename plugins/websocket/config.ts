/** The block `websocket`. */
import {
  type ConfigChange,
  type ConfigNode,
  defineSchema,
  type FieldUse,
  fields,
  mismatchText,
  type OptionsOf,
  type Problems,
  parseDuration,
  plainOf,
  type ReloadAnswer,
  typeName,
} from '../../kernel/plugin-api.ts';
import { type Origin, parseOrigin } from './origin.ts';
import { type AddressRange, parseRange } from './trusted-proxies.ts';

const SECOND = 1000;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a header may not have them
const NO_HEADER_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;
const OWN_HEADERS = new Set(['host', 'content-length', 'connection', 'upgrade', 'nats-no-masking']);

const authorizationSchema = defineSchema({
  user: fields.string('user', { default: '', aliases: ['username'], doc: 'The one user of WebSocket clients.' }),
  password: fields.string('pass', { default: '', aliases: ['password'], doc: 'Its password, plain or as bcrypt.' }),
  token: fields.string('token', { default: '', doc: 'What WebSocket clients show instead.' }),
  timeoutMs: fields.custom<'timeout', number | null>('timeout', 'seconds or duration', readTimeout, {
    default: null,
    doc: 'How long a WebSocket client may take to log in.',
  }),
});

export const websocketSchema = defineSchema(
  {
    listen: fields.listen('listen', { doc: 'Where to listen: a port, or host:port.' }),
    host: fields.string('host', { default: '', aliases: ['net'], doc: 'The address to listen on.' }),
    port: fields.integer('port', { default: 0, maximum: 65_535, doc: 'The port. -1 picks a free one; 0 is off.' }),
    advertise: fields.string('advertise', { default: '', doc: 'host:port under which clients reach it.' }),
    allowsPlain: fields.boolean('no_tls', { default: false, doc: 'It may do without TLS.' }),
    tls: fields.node('tls', { default: null, doc: 'As the block `tls` of the client port.' }),
    isSameOriginRequired: fields.boolean('same_origin', {
      default: false,
      doc: 'Pages must come from this very host.',
    }),
    allowedOrigins: fields.stringList('allowed_origins', {
      default: [],
      aliases: ['allowed_origin', 'allow_origins', 'allow_origin', 'origins', 'origin'],
      refusal: (type, isElement) =>
        `error parsing allowed origins: unsupported type ${isElement ? 'in array ' : ''}${type}`,
      doc: 'Where pages may come from.',
    }),
    handshakeTimeoutMs: fields.custom('handshake_timeout', 'seconds or duration', readHandshakeTimeout, {
      default: 0,
      doc: 'How long TLS and the upgrade may take.',
    }),
    compresses: fields.boolean('compression', { default: false, aliases: ['compress'], doc: 'permessage-deflate.' }),
    authorization: fields.block('authorization', authorizationSchema, {
      aliases: ['authentication'],
      doc: 'Who WebSocket clients are, in place of the authorization of the server.',
    }),
    jwtCookie: fields.string('jwt_cookie', { default: '', doc: 'The cookie that has a JWT.' }),
    userCookie: fields.string('user_cookie', { default: '', doc: 'The cookie that has a user name.' }),
    passwordCookie: fields.string('pass_cookie', { default: '', doc: 'The cookie that has a password.' }),
    tokenCookie: fields.string('token_cookie', { default: '', doc: 'The cookie that has a token.' }),
    noAuthUser: fields.string('no_auth_user', { default: '', doc: 'Who a client is that brings no credentials.' }),
    headers: fields.custom('headers', 'map of strings', readHeaders, {
      default: {} as Readonly<Record<string, string>>,
      doc: 'Headers of the answer to an upgrade.',
    }),
    trustedProxies: fields.stringList('trusted_proxies', {
      default: [],
      doc: 'Addresses, or ranges such as 10.0.0.0/8, of proxies whose X-Forwarded-For counts.',
    }),
    pingIntervalMs: fields.duration('ping_interval', {
      default: 0,
      doc: 'How often clients are asked whether they are there.',
    }),
  },
  {
    notMap: (node) => `Expected websocket to be a map, got ${typeName(node)}`,
  },
);

export type WebSocketConfig = OptionsOf<typeof websocketSchema.fields> & {
  readonly origins: readonly Origin[];
  readonly proxies: readonly AddressRange[];
};

export const websocketConfig = {
  read(node: unknown, problems: Problems): WebSocketConfig {
    const block = node as ConfigNode | undefined;
    const options = websocketSchema.read(block, problems);
    const origins = options.allowedOrigins.map(parseOrigin);
    // Without a port nothing of it is used, and a NATS server does not look at it either.
    if (block !== undefined && options.port !== 0) check(options, problems, block);
    return Object.freeze({
      ...options,
      origins: origins.filter((origin) => typeof origin !== 'string'),
      proxies: options.trustedProxies.map(parseRange).filter((range) => range !== null),
    });
  },
};

function check(options: OptionsOf<typeof websocketSchema.fields>, problems: Problems, block: ConfigNode): void {
  const refuse = (text: string): void => problems.bareError(block, text);
  if (options.tls === null && !options.allowsPlain) refuse('websocket requires TLS configuration');
  for (const text of options.allowedOrigins) {
    const wrong = wrongOrigin(text);
    if (wrong !== null) refuse(wrong);
  }
  for (const [name, value] of Object.entries(options.headers)) {
    const wrong = wrongHeader(name, value);
    if (wrong !== null) refuse(wrong);
  }
  for (const text of options.trustedProxies) {
    if (parseRange(text) === null) refuse(`websocket: trusted_proxies: "${text}" is neither an address nor a range`);
  }
  const wrong = wrongAdvertise(options.advertise);
  if (wrong !== null) refuse(`Unable to get websocket connect URLs: ${wrong}`);
}

function wrongOrigin(text: string): string | null {
  const origin = parseOrigin(text);
  if (typeof origin === 'string') return `unable to parse allowed origin: ${origin}`;
  const isWeb = origin.scheme === 'http' || origin.scheme === 'https';
  const subject = `unable to parse allowed origin "${text}":`;
  if (!isWeb) return `${subject} allowed origins must be absolute URLs with http or https scheme`;
  return origin.host === '' ? `${subject} host is required` : null;
}

function wrongHeader(name: string, value: string): string | null {
  const lower = name.toLowerCase();
  if (OWN_HEADERS.has(lower)) return `websocket: invalid header "${name}" not allowed`;
  if (lower.startsWith('sec-websocket-')) {
    return `websocket: invalid header "${name}", "Sec-WebSocket-" prefix not allowed`;
  }
  if (TOKEN.test(name) && !NO_HEADER_VALUE.test(value)) return null;
  return `websocket: invalid header ${JSON.stringify(name)}: no header can have this name or value`;
}

function wrongAdvertise(text: string): string | null {
  const port = /:([^:\]]*)$/.exec(text)?.[1];
  if (port === undefined || port === '') return null;
  return /^[-+]?\d+$/.test(port) ? null : `strconv.Atoi: parsing "${port}": invalid syntax`;
}

function readTimeout(node: ConfigNode, use: FieldUse): number | undefined {
  if (node.kind === 'integer' || node.kind === 'float') return Number(node.value) * SECOND;
  if (node.kind === 'string') return readDuration(node.value, node, use);
  use.problems.error(node, mismatchText(node, 'integer'));
  return undefined;
}

function readHandshakeTimeout(node: ConfigNode, use: FieldUse): number | undefined {
  if (node.kind === 'integer') return Number(node.value) * SECOND;
  if (node.kind === 'string') return readDuration(node.value, node, use);
  use.problems.error(node, `error parsing handshake timeout: unsupported type ${typeName(node)}`);
  return undefined;
}

function readDuration(text: string, node: ConfigNode, { problems }: FieldUse): number | undefined {
  const outcome = parseDuration(text);
  if ('ms' in outcome) return outcome.ms;
  problems.error(node, outcome.failure);
  return undefined;
}

function readHeaders(node: ConfigNode, { problems }: FieldUse): Readonly<Record<string, string>> | undefined {
  if (node.kind !== 'map') {
    problems.error(node, `error parsing headers: unsupported type ${typeName(node)}`);
    return undefined;
  }
  const headers: Record<string, string> = Object.create(null);
  for (const { key, value } of node.value.values()) {
    if (value.kind === 'string') headers[key] = value.value;
    else problems.error(value, `error parsing header key ${key}: unsupported type ${typeName(value)}`);
  }
  return Object.freeze(headers);
}

/** Certificates change under way; all else only by a restart. */
export function reloadAnswer({ before, after }: ConfigChange<WebSocketConfig>): ReloadAnswer {
  const changed = Object.entries(websocketSchema.fields).flatMap(([name, { key }]) => {
    const [old, now] = [before, after].map((config) => printed(config[name as keyof WebSocketConfig]));
    return old === now ? [] : [key];
  });
  if (changed.length === 0) return 'live';
  // What was and what is may be secret.
  return { refuse: `config reload not supported for Websocket: ${changed.join(', ')} changed` };
}

function printed(value: unknown): string {
  if (isNode(value)) return `a block, ${printed(fixedPart(plainOf(value)))}`;
  return JSON.stringify(value) ?? '';
}

function isNode(value: unknown): value is ConfigNode {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** Of the TLS block only the pinned keys are not to change. */
function fixedPart(tls: unknown): unknown {
  return (tls as { pinned_certs?: unknown }).pinned_certs ?? null;
}
