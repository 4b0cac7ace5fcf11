/** The block `dashboard`. */
import { defineSchema, fields, formatDuration, type OptionsOf } from '../../kernel/plugin-api.ts';

const MINUTE_MS = 60_000;
const REFRESH = { least: 500, most: MINUTE_MS };
const HISTORY = { least: MINUTE_MS, most: 60 * MINUTE_MS };
const ROWS = { least: 10, most: 500 };

export const dashboardSchema = defineSchema({
  refreshMs: fields.duration('refresh', {
    default: 2000,
    internalName: 'refreshMs',
    check: (ms) => outside('refresh', ms, REFRESH),
    doc: 'How often an open page asks.',
  }),
  historyMs: fields.duration('history', {
    default: 10 * MINUTE_MS,
    internalName: 'historyMs',
    check: (ms) => outside('history', ms, HISTORY),
    doc: 'How far back the charts of an open page go.',
  }),
  rows: fields.integer('rows', {
    default: 50,
    minimum: ROWS.least,
    maximum: ROWS.most,
    doc: 'Rows of a table that are asked for at once.',
  }),
});

export type DashboardConfig = OptionsOf<typeof dashboardSchema.fields>;

/** Without quotes `10m` is ten million, as everywhere in such a file. */
function outside(key: string, ms: number, { least, most }: typeof REFRESH): string | null {
  if (ms >= least && ms <= most) return null;
  const limits = `from ${formatDuration(least)} to ${formatDuration(most)}, in quotes`;
  return `dashboard: ${key} is ${formatDuration(ms)} and must be ${limits}`;
}
