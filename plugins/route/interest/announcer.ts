/** Tells other servers what this one wants of them: all of it when they come, and every change. */
import type { Account, Clock } from '../../../kernel/plugin-api.ts';
import { type InterestAddress, subscribeText, unsubscribeText } from '../../../protocols/route/frames.ts';
import type { Cluster } from '../cluster.ts';
import type { RouteConnection } from '../route-connection.ts';
import { type LedgerListener, NO_CLUSTER, type Wish } from './ledger.ts';

/** What writing everything down may take of one turn, and how much of it is sent at once. */
const SLICE_MS = 2;
const SLICE_CHECK = 32;
const PIECE_BYTES = 32_768;

export class Announcer implements LedgerListener {
  private readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  wanted(account: Account, wish: Wish): void {
    if (!this.cluster.mayAskFor(wish.subject)) return;
    for (const remote of this.cluster.remotes.values()) {
      const connection = remote.connectionFor(account.name);
      if (connection !== null) send(connection, subscribed(connection, account, wish));
    }
  }

  unwanted(account: Account, wish: Wish): void {
    if (!this.cluster.mayAskFor(wish.subject)) return;
    for (const remote of this.cluster.remotes.values()) {
      // What is no longer wanted is not waited for on a connection that may never come.
      const connection = remote.connectionFor(account.name) ?? remote.pooledFor(account.name);
      if (connection !== null) send(connection, unsubscribed(connection, account, wish));
    }
  }

  /** Everything that belongs on the connection, a little at a time. What changes meanwhile is told as it changes. */
  sendAll(connection: RouteConnection, only: Account | null = null): void {
    sendSome(this.cluster.broker.clock, connection, this.lines(connection, only));
  }

  /** Some of what was told is taken back. */
  takeBack(connection: RouteConnection, isMeant: (wish: Wish) => boolean): void {
    let text = '';
    for (const [account, wishes] of this.cluster.ledger.all()) {
      if (connection.remote?.connectionFor(account.name) !== connection) continue;
      for (const wish of wishes.values()) if (isMeant(wish)) text += unsubscribed(connection, account, wish);
    }
    if (text !== '') connection.send(Buffer.from(text, 'latin1'));
  }

  /** Everything of one account is taken back, as it is told on another connection now. */
  takeBackAll(connection: RouteConnection, account: Account): void {
    sendSome(this.cluster.broker.clock, connection, this.linesBack(connection, account));
  }

  private *linesBack(connection: RouteConnection, account: Account): Generator<string> {
    for (const wish of this.cluster.ledger.wishesOf(account)?.values() ?? []) {
      if (connection.remote?.connectionFor(account.name) === connection) return;
      if (this.cluster.mayAskFor(wish.subject)) yield unsubscribed(connection, account, wish);
    }
  }

  private *lines(connection: RouteConnection, only: Account | null): Generator<string> {
    const { ledger } = this.cluster;
    for (const [account, wishes] of ledger.all()) {
      if (only !== null && account !== only) continue;
      for (const wish of wishes.values()) {
        if (connection.remote?.connectionFor(account.name) !== connection) break;
        if (this.cluster.mayAskFor(wish.subject)) yield subscribed(connection, account, wish);
      }
    }
  }
}

function subscribed(connection: RouteConnection, account: Account, { subject, queue, origin, count }: Wish): string {
  return subscribeText(addressOf(connection, account, toldOrigin(connection, origin)), subject, queue, count);
}

function unsubscribed(connection: RouteConnection, account: Account, { subject, queue, origin }: Wish): string {
  const told = toldOrigin(connection, origin);
  const named = connection.peer?.namesOrigins === true ? told : '';
  return unsubscribeText(addressOf(connection, account, named), subject, queue, told !== '');
}

function addressOf({ namesAccounts }: RouteConnection, { name }: Account, origin: string): InterestAddress {
  return { account: namesAccounts ? name : '', origin };
}

/** What the other side can make of it: to older ones the interest of leafs is as any other. */
function toldOrigin({ peer }: RouteConnection, origin: string): string {
  if (origin === '' || peer === null) return '';
  if (origin === NO_CLUSTER) return peer.knowsLeafs ? NO_CLUSTER : '';
  return peer.knowsOrigins ? origin : '';
}

function send(connection: RouteConnection, line: string): void {
  connection.broker.tracer?.output(connection, line.trimEnd());
  connection.send(Buffer.from(line, 'latin1'));
}

function sendSome(clock: Clock, connection: RouteConnection, lines: Generator<string>): void {
  const until = clock.monotonic() + SLICE_MS;
  let piece = '';
  for (let step = 1; !connection.isClosed; step++) {
    const next = lines.next();
    if (next.done !== true) piece += next.value;
    if (piece.length >= PIECE_BYTES || next.done === true) {
      if (piece !== '') connection.send(Buffer.from(piece, 'latin1'));
      piece = '';
    }
    if (next.done === true) return;
    if (step % SLICE_CHECK === 0 && clock.monotonic() >= until) break;
  }
  if (connection.isClosed) return;
  if (piece !== '') connection.send(Buffer.from(piece, 'latin1'));
  clock.soon(() => sendSome(clock, connection, lines));
}
