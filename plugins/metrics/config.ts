/** The block `metrics`. */
import { defineSchema, fields, type OptionsOf } from '../../kernel/plugin-api.ts';

const ACCOUNTS_MAX = 10_000;
const PREFIX_LENGTH_MAX = 64;

export const metricsSchema = defineSchema({
  host: fields.string('host', { default: '', doc: 'Where to listen; the host clients connect to when empty.' }),
  port: fields.integer('port', {
    default: 0,
    minimum: -1,
    maximum: 65_535,
    doc: 'A port of its own, besides the monitor. -1 picks a free one; 0 is off.',
  }),
  path: fields.string('path', { default: '/metrics', check: wrongPath, doc: 'The path on that port.' }),
  prefix: fields.string('prefix', {
    default: 'gnatsd',
    check: wrongPrefix,
    doc: 'What the names begin with that dashboards of the exporter use.',
  }),
  maxAccounts: fields.integer('max_accounts', {
    default: 100,
    minimum: 0,
    maximum: ACCOUNTS_MAX,
    doc: 'How many accounts have series of their own; the others are summed.',
  }),
});

export type MetricsConfig = OptionsOf<typeof metricsSchema.fields>;

function wrongPath(path: string): string | null {
  if (/^\/[^\s?#]*$/.test(path)) return null;
  return `metrics: path ${JSON.stringify(path)} must begin with a slash and have no space, "?" or "#"`;
}

function wrongPrefix(prefix: string): string | null {
  if (prefix.length <= PREFIX_LENGTH_MAX && /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(prefix)) return null;
  const rule = `letters, digits and "_", not a digit first, at most ${PREFIX_LENGTH_MAX}`;
  return `metrics: prefix ${JSON.stringify(prefix)} cannot begin a name: ${rule}`;
}
