/** What is shown of a connection. */
import { numberOf, type Row, textOf } from '../answers.ts';
import { compact, dateTime, elapsed, millisecondsOf, NONE, perSecond, shortTime, size, whole } from '../format.ts';
import type { Rates } from '../rates.ts';
import type { TableColumn } from '../table-view.ts';

export interface ConnectionLine {
  readonly row: Row;
  /** By direction and id. */
  readonly rates: Rates;
}

type Column = TableColumn<ConnectionLine>;

/** So much waits for one that keeps up only while the monitor looks. */
const LAGGING_BYTES = 1024 * 1024;

const CID: Column = ofText('Id', ({ cid }) => textOf(cid), { isNumber: true, sort: 'cid', isAscending: true });
const NAME: Column = ofText('Name', ({ name }) => textOf(name) || NONE, { isWide: true });
const ACCOUNT: Column = ofText('Account', accountText, { rank: 3, isWide: true });
const USER: Column = ofText('User', ({ authorized_user: user }) => textOf(user) || NONE, { rank: 3, isWide: true });
const ADDRESS: Column = ofText('Address', addressText, { rank: 2 });
const CLIENT: Column = ofText('Client', clientText, { rank: 3, isWide: true });
const UPTIME: Column = ofText('Uptime', ({ uptime }) => elapsed(textOf(uptime)), {
  isNumber: true,
  rank: 2,
  sort: 'uptime',
  isAscending: true,
});

const TRAFFIC: readonly Column[] = [
  figure('Msgs in', 'in_msgs', 'msgs_from', compact),
  figure('Msgs out', 'out_msgs', 'msgs_to', compact),
  figure('Bytes in', 'in_bytes', 'bytes_from', size, 3),
  figure('Bytes out', 'out_bytes', 'bytes_to', size, 3),
];

export function openColumns(): Column[] {
  const pending: Column = {
    ...figure('Pending', 'pending_bytes', 'pending', size),
    tone: ({ row }) => (numberOf(row.pending_bytes) >= LAGGING_BYTES ? 'bad' : 'weak'),
  };
  const subscriptions = figure('Subs', 'subscriptions', 'subs', whole, 2);
  const idle = ofText('Idle', ({ idle: text }) => elapsed(textOf(text)), { isNumber: true, rank: 2, sort: 'idle' });
  const rtt = ofText('RTT', rttText, { isNumber: true, rank: 3, sort: 'rtt' });
  const rates = [rateColumn('In/s', 'in'), rateColumn('Out/s', 'out')];
  return [CID, NAME, ACCOUNT, ADDRESS, CLIENT, pending, subscriptions, ...rates, ...TRAFFIC, rtt, idle, UPTIME];
}

export function closedColumns(): Column[] {
  const reason: Column = {
    ...ofText('Reason', ({ reason: text }) => textOf(text) || NONE, {
      sort: 'reason',
      isProse: true,
      isAscending: true,
    }),
    tone: reasonTone,
  };
  const stop = ofText('Ended', ({ stop: text }) => dateTime(textOf(text)), { sort: 'stop' });
  return [CID, NAME, reason, stop, ACCOUNT, USER, ADDRESS, CLIENT, ...TRAFFIC, UPTIME];
}

/** What is counted of connections, by direction and id. */
export function connectionCounters(rows: readonly Row[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { cid, in_msgs: received, out_msgs: sent } of rows) {
    counts.set(`in ${String(cid)}`, numberOf(received));
    counts.set(`out ${String(cid)}`, numberOf(sent));
  }
  return counts;
}

function ofText(title: string, text: (row: Row) => string, more: Omit<Column, 'title' | 'text'>): Column {
  return { title, text: ({ row }) => text(row), ...more };
}

function figure(title: string, key: string, sort: string, format: (value: number) => string, rank?: 2 | 3): Column {
  return {
    title,
    isNumber: true,
    sort,
    text: ({ row }) => format(numberOf(row[key])),
    tone: ({ row }) => (numberOf(row[key]) === 0 ? 'weak' : null),
    ...(rank && { rank }),
  };
}

function rateColumn(title: string, direction: 'in' | 'out'): Column {
  const rateOf = ({ row, rates }: ConnectionLine): number | null =>
    rates.get(`${direction} ${String(row.cid)}`) ?? null;
  return {
    title,
    isNumber: true,
    rank: 3,
    text: (line) => perSecond(rateOf(line)).replace('/s', ''),
    tone: (line) => (rateOf(line) === 0 ? 'weak' : null),
  };
}

/** The account everybody is in who is not put elsewhere is not told. */
function accountText({ account, name_tag: tag }: Row): string {
  return textOf(tag) || textOf(account) || '$G';
}

function addressText({ ip, port }: Row): string {
  const host = textOf(ip);
  return host === '' ? NONE : `${host.includes(':') ? `[${host}]` : host}:${textOf(port)}`;
}

function clientText({ type, kind, lang, version }: Row): string {
  const kindText = [textOf(type), textOf(kind)].find((text) => text !== '' && text !== 'nats' && text !== 'Client');
  return [kindText ?? '', textOf(lang), textOf(version)].filter((text) => text !== '').join(' ') || NONE;
}

function rttText({ rtt }: Row): string {
  return shortTime(millisecondsOf(textOf(rtt)));
}

function reasonTone({ row: { reason } }: ConnectionLine): string | null {
  if (reason === 'Client Closed') return 'weak';
  return /slow|violation|error|exceeded/i.test(textOf(reason)) ? 'bad' : null;
}
