/** The first tab: the server at a glance. */
import { numberOf, type Row, rowOf, rowsOf, textOf } from '../answers.ts';
import type { Ask } from '../ask.ts';
import { Chart, Spark } from '../chart-view.ts';
import { el, panel, say } from '../dom.ts';
import { compact, dateTime, elapsed, percent, perSecond, size, sizePerSecond, whole } from '../format.ts';
import type { Column } from '../history.ts';
import { Cadence } from '../poll-plan.ts';
import { RateMeter, type Rates } from '../rates.ts';
import { arranged } from '../table-state.ts';
import { TableView } from '../table-view.ts';
import type { Trouble } from '../trouble.ts';
import type { Look, View } from '../view.ts';
import { accountCounters } from './account-rows.ts';

const BUSIEST = 6;
/** So many accounts are not read every time. */
const MANY_ACCOUNTS = 200;
const SELDOM_MS = 10_000;

interface Tile {
  readonly label: string;
  readonly column?: Column;
  value(look: Look): string;
  detail(look: Look): string;
  isBad?(look: Look): boolean;
}

const TILES: readonly Tile[] = [
  {
    label: 'Connections',
    column: 'connections',
    value: ({ varz }) => whole(numberOf(varz.connections)),
    detail: ({ varz }) =>
      `${compact(numberOf(varz.total_connections))} ever, limit ${compact(numberOf(varz.max_connections))}`,
  },
  {
    label: 'Subscriptions',
    column: 'subscriptions',
    value: ({ varz }) => whole(numberOf(varz.subscriptions)),
    detail: ({ server }) => `in ${compact(numberOf(server.accounts))} accounts`,
  },
  {
    label: 'CPU',
    column: 'cpu',
    value: ({ varz }) => percent(numberOf(varz.cpu)),
    detail: ({ varz }) => `of one core of ${numberOf(varz.cores)}`,
    isBad: ({ varz }) => numberOf(varz.cpu) >= 90,
  },
  {
    label: 'Memory',
    column: 'memory',
    value: ({ varz }) => size(numberOf(varz.mem)),
    detail: () => 'resident',
  },
  {
    label: 'Waiting to be sent',
    column: 'outbound',
    value: ({ server }) => size(numberOf(server.outbound_bytes)),
    detail: ({ server }) => `limit ${size(numberOf(server.outbound_max_bytes))}`,
    isBad: ({ server }) => numberOf(server.outbound_bytes) > 0.75 * numberOf(server.outbound_max_bytes),
  },
  {
    label: 'Slow consumers',
    value: ({ varz }) => whole(numberOf(varz.slow_consumers)),
    detail: ({ server }) => `${compact(numberOf(server.stalls))} stalls of producers`,
    isBad: ({ troubles, increaseOf }) => troubles.some(({ name }) => name.startsWith('slow ') && increaseOf(name) > 0),
  },
];

interface TileParts {
  readonly tile: Tile;
  readonly element: HTMLElement;
  readonly value: HTMLElement;
  readonly detail: HTMLElement;
  readonly spark: Spark | null;
}

interface AccountLine {
  readonly row: Row;
  readonly rates: Rates;
}

export class Overview implements View {
  readonly id = 'overview';
  readonly title = 'Overview';
  readonly element: HTMLElement;
  private readonly tiles = TILES.map(tileParts);
  private readonly charts = [
    new Chart({ title: 'Messages', series: directions('inMessages', 'outMessages'), isSize: false, format: perSecond }),
    new Chart({ title: 'Traffic', series: directions('inBytes', 'outBytes'), isSize: true, format: sizePerSecond }),
  ];
  private readonly trouble = troubleTable();
  private readonly accounts = busiestTable();
  private readonly facts = el('dl', { class: 'facts' });
  private readonly meter = new RateMeter();
  private readonly cadence = new Cadence(SELDOM_MS);
  private accountCount = 0;

  constructor() {
    const tiles = el('div', { class: 'tiles' }, ...this.tiles.map(({ element }) => element));
    const charts = el('div', { class: 'pair' }, ...this.charts.map(({ element }) => element));
    const lists = el(
      'div',
      { class: 'pair' },
      panel('Drops, stalls and refusals', this.trouble.element),
      panel('Busiest accounts', this.accounts.element),
    );
    this.element = el('div', {}, tiles, charts, lists, panel('Server', this.facts));
  }

  async refresh(look: Look, ask: Ask): Promise<void> {
    const { history } = look;
    for (const { tile, element, value, detail, spark } of this.tiles) {
      say(value, tile.value(look));
      say(detail, tile.detail(look));
      element.classList.toggle('bad', tile.isBad?.(look) ?? false);
      if (tile.column !== undefined)
        spark?.update(history.column(tile.column), history.lastMs, history.windowMs(60_000));
    }
    for (const chart of this.charts) chart.update(history);
    this.trouble.update(look.troubles.map((trouble) => ({ trouble, increase: look.increaseOf(trouble.name) })));
    showFacts(this.facts, look);
    await this.refreshAccounts(look, ask);
  }

  private async refreshAccounts({ epoch, nowMs }: Look, ask: Ask): Promise<void> {
    if (this.accountCount > MANY_ACCOUNTS && !this.cadence.isDue(nowMs)) return;
    const rows = rowsOf((await ask('accstatz')).account_statz);
    this.accountCount = rows.length;
    const rates = this.meter.measure({ epoch, atMs: nowMs, counts: accountCounters(rows) });
    const lines = rows.map((row) => ({ row, rates }));
    this.accounts.update(arranged(lines, busyness, false).slice(0, BUSIEST));
  }
}

function directions(first: Column, second: Column) {
  return [
    { column: first, label: 'in', tone: 'first' },
    { column: second, label: 'out', tone: 'second' },
  ] as const;
}

function tileParts(tile: Tile): TileParts {
  const value = el('div', { class: 'value' }, '–');
  const detail = el('div', { class: 'detail' });
  const spark = tile.column === undefined ? null : new Spark();
  const element = el('div', { class: 'tile' }, el('div', { class: 'label' }, tile.label), value, detail);
  if (spark !== null) element.append(spark.element);
  return { tile, element, value, detail, spark };
}

function troubleTable(): TableView<{ trouble: Trouble; increase: number }> {
  return new TableView({
    label: 'Drops, stalls and refusals',
    empty: 'Nothing was dropped, stalled or refused since the server started.',
    columns: [
      { title: 'What', isProse: true, text: ({ trouble }) => trouble.what },
      { title: 'Reason', isProse: true, text: ({ trouble }) => trouble.reason },
      { title: 'Total', isNumber: true, text: ({ trouble }) => whole(trouble.count) },
      {
        title: 'Last minute',
        isNumber: true,
        text: ({ increase }) => (increase > 0 ? `+${whole(increase)}` : '0'),
        tone: ({ increase }) => (increase > 0 ? 'bad' : 'weak'),
      },
    ],
  });
}

function busiestTable(): TableView<AccountLine> {
  const rate = ({ row, rates }: AccountLine, name: string): number | null =>
    rates.get(`${name} ${String(row.acc)}`) ?? null;
  return new TableView<AccountLine>({
    label: 'Busiest accounts',
    empty: 'No account has connections.',
    columns: [
      { title: 'Account', isWide: true, text: ({ row }) => textOf(row.name) || textOf(row.acc) },
      { title: 'Clients', isNumber: true, text: ({ row }) => whole(numberOf(row.conns)) },
      { title: 'Subs', isNumber: true, rank: 2, text: ({ row }) => whole(numberOf(row.num_subscriptions)) },
      { title: 'Msgs in', isNumber: true, text: (line) => perSecond(rate(line, 'in')) },
      { title: 'Msgs out', isNumber: true, text: (line) => perSecond(rate(line, 'out')) },
    ],
  });
}

function busyness({ row, rates }: AccountLine): number {
  return ['in', 'out'].reduce((sum, name) => sum + (rates.get(`${name} ${String(row.acc)}`) ?? 0), 0);
}

function showFacts(list: HTMLElement, { varz, server }: Look): void {
  const facts: [string, string][] = [
    ['Server id', textOf(varz.server_id)],
    ['Version', `gnatlet ${textOf(server.product_version)}, NATS ${textOf(varz.version)}, ${textOf(varz.go)}`],
    ['Clients at', `${textOf(varz.host)}:${textOf(varz.port)}`],
    ['Started', `${dateTime(textOf(varz.start))}, up ${elapsed(textOf(varz.uptime))}`],
    ['Received', `${compact(numberOf(varz.in_msgs))} messages, ${size(numberOf(varz.in_bytes))}`],
    ['Sent', `${compact(numberOf(varz.out_msgs))} messages, ${size(numberOf(varz.out_bytes))}`],
    ['Configuration read', dateTime(textOf(varz.config_load_time))],
    [
      'Login',
      [varz.auth_required === true ? 'required' : 'not required', varz.tls_required === true ? 'over TLS' : '']
        .filter(Boolean)
        .join(', '),
    ],
    ['Largest payload', size(numberOf(varz.max_payload))],
    ['Pending at most', `${size(numberOf(varz.max_pending))} a connection`],
    ['Cluster', textOf(rowOf(varz.cluster).name)],
    ['System account', textOf(varz.system_account)],
  ];
  const shown = facts.filter(([, value]) => value !== '');
  while (list.children.length > shown.length) list.lastElementChild!.remove();
  for (const [at, [name, value]] of shown.entries()) {
    const pair = list.children[at] ?? list.appendChild(el('div', {}, el('dt'), el('dd')));
    say(pair.children[0]!, name);
    say(pair.children[1]!, value);
  }
}
