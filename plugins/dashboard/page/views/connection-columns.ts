/** What is shown of a connection. */
import { numberOf, type Row, textOf } from '../answers.ts';
import { compact, dateTime, elapsed, millisecondsOf, NONE, shortTime, size, whole } from '../format.ts';
import type { TableColumn } from '../table-view.ts';

type Column = TableColumn<Row>;

const CID: Column = { title: 'Id', isNumber: true, sort: 'cid', text: ({ cid }) => textOf(cid) };
const NAME: Column = { title: 'Name', isWide: true, text: ({ name }) => textOf(name) || NONE };
const ACCOUNT: Column = { title: 'Account', rank: 3, isWide: true, text: accountText };
const USER: Column = {
  title: 'User',
  rank: 3,
  isWide: true,
  text: ({ authorized_user: user }) => textOf(user) || NONE,
};
const ADDRESS: Column = { title: 'Address', rank: 2, text: addressText };
const UPTIME: Column = {
  title: 'Uptime',
  isNumber: true,
  rank: 2,
  sort: 'uptime',
  text: ({ uptime }) => elapsed(textOf(uptime)),
};
const CLIENT: Column = { title: 'Client', rank: 3, text: clientText };

const TRAFFIC: readonly Column[] = [
  figure('Msgs in', 'in_msgs', 'msgs_from', compact),
  figure('Msgs out', 'out_msgs', 'msgs_to', compact),
  figure('Bytes in', 'in_bytes', 'bytes_from', size, 3),
  figure('Bytes out', 'out_bytes', 'bytes_to', size, 3),
];

export function openColumns(): Column[] {
  const pending: Column = {
    ...figure('Pending', 'pending_bytes', 'pending', size),
    tone: ({ pending_bytes: bytes }) => (numberOf(bytes) > 0 ? 'bad' : 'weak'),
  };
  const subscriptions = figure('Subs', 'subscriptions', 'subs', whole, 2);
  const idle: Column = {
    title: 'Idle',
    isNumber: true,
    rank: 2,
    sort: 'idle',
    text: ({ idle: text }) => elapsed(textOf(text)),
  };
  const rtt: Column = { title: 'RTT', isNumber: true, rank: 3, sort: 'rtt', text: rttText };
  return [CID, NAME, ACCOUNT, USER, ADDRESS, CLIENT, pending, subscriptions, ...TRAFFIC, rtt, idle, UPTIME];
}

export function closedColumns(): Column[] {
  const reason: Column = {
    title: 'Reason',
    sort: 'reason',
    text: ({ reason: text }) => textOf(text) || NONE,
    tone: reasonTone,
  };
  const stop: Column = { title: 'Ended', sort: 'stop', text: ({ stop: text }) => dateTime(textOf(text)) };
  return [CID, NAME, reason, stop, ACCOUNT, USER, ADDRESS, CLIENT, ...TRAFFIC, UPTIME];
}

function figure(title: string, key: string, sort: string, format: (value: number) => string, rank?: 2 | 3): Column {
  return {
    title,
    isNumber: true,
    sort,
    text: (row) => format(numberOf(row[key])),
    tone: (row) => (numberOf(row[key]) === 0 ? 'weak' : null),
    ...(rank === undefined ? {} : { rank }),
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

function reasonTone({ reason }: Row): string | null {
  return reason === 'Client Closed' ? 'weak' : /slow|violation|error|exceeded/i.test(textOf(reason)) ? 'bad' : null;
}
