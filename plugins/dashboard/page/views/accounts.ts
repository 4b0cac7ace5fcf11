/** Who shares the server: accounts with their traffic. */
import { numberOf, type Row, rowOf, rowsOf, textOf } from '../answers.ts';
import type { Ask } from '../ask.ts';
import { el, panel } from '../dom.ts';
import { compact, perSecond, size, sizePerSecond, whole } from '../format.ts';
import { type LocalColumn, LocalTable } from '../local-table.ts';
import { Cadence } from '../poll-plan.ts';
import { RateMeter, type Rates } from '../rates.ts';
import type { Look, View } from '../view.ts';
import { accountCounters } from './account-rows.ts';

const MANY = 200;
const SELDOM_MS = 10_000;

interface Line {
  readonly row: Row;
  readonly rates: Rates;
}

const COLUMNS: readonly LocalColumn<Line>[] = [
  { title: 'Account', isWide: true, text: ({ row }) => textOf(row.name) || textOf(row.acc) },
  count('Clients', ({ row }) => numberOf(row.conns), whole),
  count('Leaf nodes', ({ row }) => numberOf(row.leafnodes), whole, 3),
  count('Subscriptions', ({ row }) => numberOf(row.num_subscriptions), whole, 2),
  count('Msgs in', (line) => rateOf(line, 'in'), perSecond),
  count('Msgs out', (line) => rateOf(line, 'out'), perSecond),
  count('Bytes in', (line) => rateOf(line, 'inBytes'), sizePerSecond, 2),
  count('Bytes out', (line) => rateOf(line, 'outBytes'), sizePerSecond, 2),
  count('Received', ({ row }) => numberOf(rowOf(row.received).msgs), compact, 3),
  count('Sent', ({ row }) => numberOf(rowOf(row.sent).msgs), compact, 3),
  count('Sent bytes', ({ row }) => numberOf(rowOf(row.sent).bytes), size, 3),
  {
    ...count<Line>('Slow', ({ row }) => numberOf(row.slow_consumers), whole, 2),
    tone: ({ row }) => (numberOf(row.slow_consumers) > 0 ? 'bad' : 'weak'),
  },
];

function count<Item>(
  title: string,
  value: (item: Item) => number | null,
  format: (value: number | null) => string,
  rank?: 2 | 3,
): LocalColumn<Item> {
  return { title, isNumber: true, value, text: (item) => format(value(item)), ...(rank === undefined ? {} : { rank }) };
}

function rateOf({ row, rates }: Line, name: string): number | null {
  return rates.get(`${name} ${String(row.acc)}`) ?? null;
}

export class Accounts implements View {
  readonly id = 'accounts';
  readonly title = 'Accounts';
  readonly element: HTMLElement;
  private readonly table = new LocalTable<Line>({
    label: 'Accounts',
    columns: COLUMNS,
    empty: 'There are no accounts.',
    sorting: { key: 'Msgs in', isReversed: false },
    search: 'Find an account',
    searched: ({ row }) => `${textOf(row.name)} ${textOf(row.acc)}`,
  });
  private readonly meter = new RateMeter();
  private readonly cadence = new Cadence(SELDOM_MS);
  private shown = 0;

  constructor() {
    this.element = el('div', {}, panel('Accounts', this.table.element));
  }

  async refresh({ epoch, nowMs, rows: atOnce }: Look, ask: Ask): Promise<void> {
    if (this.shown > MANY && !this.cadence.isDue(nowMs)) return;
    const rows = rowsOf((await ask('accstatz', { unused: 1 })).account_statz);
    this.shown = rows.length;
    const rates = this.meter.measure({ epoch, atMs: nowMs, counts: accountCounters(rows) });
    this.table.rows = atOnce;
    this.table.update(rows.map((row) => ({ row, rates })));
  }
}
