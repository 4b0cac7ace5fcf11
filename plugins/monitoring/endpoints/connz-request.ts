/** What /connz was asked for. */
import type { MonitorQuery } from '../contract.ts';
import { BadRequest } from '../http/query.ts';
import { type ConnzSort, isConnzSort } from './connz-sort.ts';

export interface ConnzRequest {
  readonly sort: ConnzSort;
  readonly withAuth: boolean;
  readonly subscriptions: 'none' | 'subjects' | 'detail';
  readonly offset: number;
  readonly limit: number;
  /** 0: all. */
  readonly cid: number;
  readonly state: 'open' | 'closed' | 'all';
  readonly user: string;
  readonly account: string;
  readonly mqttClient: string;
  /** Within an account: only those who subscribe to this, or to part of it. */
  readonly filterSubject: string;
}

export const LIMIT = 1024;
const STATES = new Map([
  ['', 'open'],
  ['open', 'open'],
  ['closed', 'closed'],
  ['all', 'all'],
  ['any', 'all'],
] as const);

/** The order in which parameters are looked at decides which mistake is told. */
export function connzRequest(query: MonitorQuery): ConnzRequest {
  const sort = query.text('sort');
  const withAuth = query.boolean('auth');
  const subscriptions = query.subscriptions('subs');
  const [offset, limit] = [query.integer('offset'), query.integer('limit')];
  const cid = Number(query.unsigned('cid'));
  const state = readState(query.text('state'));
  return {
    sort: readSort(sort, state),
    withAuth,
    subscriptions,
    offset: Math.max(0, offset),
    limit: cid > 0 ? 1 : limit <= 0 ? LIMIT : limit,
    cid,
    state,
    user: query.text('user'),
    account: query.text('acc'),
    mqttClient: query.text('mqtt_client'),
    filterSubject: query.text('filter_subject'),
  };
}

function readState(text: string): ConnzRequest['state'] {
  const state = STATES.get(text.toLowerCase() as 'open');
  if (state === undefined) throw new BadRequest(`Error decoding state for ${text}`);
  return state;
}

function readSort(text: string, state: ConnzRequest['state']): ConnzSort {
  const sort = text === '' ? 'cid' : text;
  if (!isConnzSort(sort)) throw new BadRequest(`invalid sorting option: ${text}`);
  if ((sort === 'stop' || sort === 'reason') && state !== 'closed') {
    throw new BadRequest(`sort by ${sort} only valid on closed connections`);
  }
  return sort;
}
