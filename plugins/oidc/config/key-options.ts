/** The block `jwks`: where the keys of a provider are, and how much patience there is. */
import { type ConfigNode, defineSchema, fields, type OptionsOf, type Problems } from '../../../kernel/plugin-api.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** The kernel gives a login ten seconds. */
const TIMEOUT_MAX_MS = 5 * SECOND;
const BYTES_MAX = 1_048_576;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

const atLeast = (key: string, minimumMs: number) => (ms: number) =>
  ms < minimumMs ? `${key} has to be ${minimumMs / SECOND}s or more` : null;

export const keySchema = defineSchema({
  url: fields.string('url', { default: '', live: 'yes', doc: 'Where the key set is served.' }),
  file: fields.string('file', { default: '', live: 'yes', doc: 'The file with the key set.' }),
  authorityFile: fields.string('ca_file', {
    default: '',
    live: 'yes',
    doc: 'Whom to trust that the server is genuine.',
  }),
  allowsInsecureUrl: fields.boolean('allow_insecure_url', {
    default: false,
    live: 'yes',
    doc: 'The URL may do without TLS: whoever can answer for the server can then let in anybody.',
  }),
  timeoutMs: fields.duration('timeout', {
    default: 1500,
    live: 'yes',
    check: (ms) => (ms <= 0 || ms > TIMEOUT_MAX_MS ? 'timeout has to be within 5s: logins wait for it' : null),
    doc: 'How long the server may take.',
  }),
  bytesMax: fields.size('max_size', {
    default: 262_144,
    minimum: 1,
    maximum: BYTES_MAX,
    live: 'yes',
    doc: 'How long a key set may be.',
  }),
  keysMax: fields.integer('max_keys', { default: 100, minimum: 1, live: 'yes', doc: 'How many keys may be in it.' }),
  refreshMs: fields.duration('refresh', {
    default: 5 * MINUTE,
    live: 'yes',
    check: atLeast('refresh', SECOND),
    doc: 'How often the keys are asked for.',
  }),
  retryMs: fields.duration('retry', {
    default: 5 * SECOND,
    live: 'yes',
    check: atLeast('retry', SECOND),
    doc: 'How soon they are asked for again when they could not be had.',
  }),
  cooldownMs: fields.duration('cooldown', {
    default: 30 * SECOND,
    live: 'yes',
    check: atLeast('cooldown', SECOND),
    doc: 'How long after an attempt a token with an unknown key causes no other.',
  }),
  ageMaxMs: fields.duration('max_age', {
    default: 24 * HOUR,
    live: 'yes',
    check: atLeast('max_age', SECOND),
    doc: 'How long keys count that could not be asked for again.',
  }),
});

export type KeyOptions = OptionsOf<typeof keySchema.fields>;

export function checkKeyOptions(options: KeyOptions, place: ConfigNode, problems: Problems): void {
  const { url, file, allowsInsecureUrl, ageMaxMs, refreshMs } = options;
  if ((url === '') === (file === '')) problems.error(place, 'jwks needs a url or a file, and not both');
  const wrong = url === '' ? null : wrongWith(url, allowsInsecureUrl);
  if (wrong !== null) problems.error(place, `the url of jwks ${wrong}`);
  if (ageMaxMs < refreshMs) problems.error(place, 'max_age of jwks has to be as long as refresh, or longer');
}

function wrongWith(url: string, allowsInsecure: boolean): string | null {
  if (!URL.canParse(url)) return 'is no URL';
  const { protocol, hostname, username, password } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return 'has to begin with https://';
  if (username !== '' || password !== '') return 'must not hold a password';
  if (protocol === 'https:' || allowsInsecure || LOOPBACK.test(hostname)) return null;
  return 'has to begin with https://, or on your own risk stand beside allow_insecure_url: true';
}
