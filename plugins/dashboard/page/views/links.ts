/** Connections to other servers: routes, gateways and leaf nodes. */
import { numberOf, type Row, rowOf, rowsOf, textOf } from '../answers.ts';
import { type Ask, Refused } from '../ask.ts';
import { el, panel } from '../dom.ts';
import { compact, elapsed, millisecondsOf, NONE, shortTime, size, whole } from '../format.ts';
import { type LocalColumn, LocalTable } from '../local-table.ts';
import type { Look, View } from '../view.ts';

interface Link {
  readonly kind: string;
  readonly name: string;
  readonly facts: Row;
}

const COLUMNS: readonly LocalColumn<Link>[] = [
  { title: 'Kind', text: ({ kind }) => kind },
  { title: 'Server', isWide: true, text: ({ name }) => name || NONE },
  {
    title: 'Address',
    rank: 2,
    text: ({ facts }) => (textOf(facts.ip) === '' ? NONE : `${textOf(facts.ip)}:${textOf(facts.port)}`),
  },
  { title: 'Account', isWide: true, rank: 3, text: ({ facts }) => textOf(facts.account) || NONE },
  { title: 'RTT', isNumber: true, rank: 2, text: ({ facts }) => shortTime(millisecondsOf(textOf(facts.rtt))) },
  ofLink('Pending', ['pending_size', 'pending_bytes'], size),
  ofLink('Subs', ['subscriptions'], whole, 3),
  ofLink('Msgs in', ['in_msgs'], compact),
  ofLink('Msgs out', ['out_msgs'], compact),
  ofLink('Bytes in', ['in_bytes'], size, 3),
  ofLink('Bytes out', ['out_bytes'], size, 3),
  { title: 'Compression', rank: 3, text: ({ facts }) => textOf(facts.compression) || NONE },
  { title: 'Uptime', isNumber: true, rank: 3, text: ({ facts }) => elapsed(textOf(facts.uptime)) },
];

export class Links implements View {
  readonly id = 'links';
  readonly title = 'Links';
  readonly element: HTMLElement;
  private readonly table = new LocalTable<Link>({
    label: 'Links to other servers',
    columns: COLUMNS,
    empty: 'This server stands alone: it has no routes, gateways or leaf nodes.',
    sorting: { key: 'Server', isReversed: false },
    search: 'Find a server',
    searched: ({ kind, name, facts }) => `${kind} ${name} ${textOf(facts.ip)} ${textOf(facts.account)}`,
  });

  constructor() {
    this.element = el('div', {}, panel('Routes, gateways and leaf nodes', this.table.element));
  }

  async refresh({ rows }: Look, ask: Ask): Promise<void> {
    const answers = ['routez', 'gatewayz', 'leafz'].map((path) => ask(path).catch(nothing));
    const [routez, gatewayz, leafz] = (await Promise.all(answers)) as [Row, Row, Row];
    this.table.rows = rows;
    this.table.update([
      ...rowsOf(routez.routes).map((facts) => ({ kind: 'route', name: textOf(facts.remote_name), facts })),
      ...gateways(gatewayz),
      ...rowsOf(leafz.leafs).map((facts) => ({ kind: 'leaf node', name: textOf(facts.name), facts })),
    ]);
  }
}

/** A server that has no such links may have no such endpoint either. */
function nothing(error: unknown): Row {
  if (error instanceof Refused) return {};
  throw error;
}

function gateways({ outbound_gateways: outbound, inbound_gateways: inbound }: Row): Link[] {
  const factsOf = (gateway: unknown): Row => rowOf(rowOf(gateway).connection);
  return [
    ...Object.entries(rowOf(outbound)).map(([name, gateway]) => {
      return { kind: 'gateway, out', name: textOf(name), facts: factsOf(gateway) };
    }),
    ...Object.entries(rowOf(inbound)).flatMap(([name, list]) => {
      return rowsOf(list).map((gateway) => ({ kind: 'gateway, in', name: textOf(name), facts: factsOf(gateway) }));
    }),
  ];
}

function ofLink(
  title: string,
  keys: readonly string[],
  format: (value: number) => string,
  rank?: 2 | 3,
): LocalColumn<Link> {
  const value = ({ facts }: Link): number => numberOf(keys.map((key) => facts[key]).find((it) => it !== undefined));
  return { title, isNumber: true, value, text: (link) => format(value(link)), ...(rank && { rank }) };
}
