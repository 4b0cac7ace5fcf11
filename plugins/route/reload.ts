/** Another block `cluster` is in force: what changes for lines that stand, and which have to go. */
import { CloseReason, type ConfigNode, plainOf } from '../../kernel/plugin-api.ts';
import { isPacked } from '../../protocols/link/compression-mode.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterConfig } from './config.ts';
import { isSameUrl } from './route-url.ts';

export async function applyReload(cluster: Cluster, before: ClusterConfig, after: ClusterConfig): Promise<void> {
  cluster.config = after;
  if (after.name !== '' && after.name !== cluster.name) cluster.isDynamic = false;
  if (after.name !== '') cluster.rename(after.name, null);
  if (!isSame(before.compression, after.compression)) changeCompression(cluster, before, after);
  sendAwayStrangers(cluster, before, after);
  if (!isSame(before.permissions, after.permissions)) changePermissions(cluster, after);
  changeRoutes(cluster, after);
  await changeSizes(cluster, after);
  cluster.sendInfos({});
  cluster.clientUrlsChanged();
}

export function isSameBlock(one: ConfigNode | null, other: ConfigNode | null): boolean {
  return isSame(one === null ? null : plainOf(one), other === null ? null : plainOf(other));
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** All lines are made anew, and this side does not wait for the other one to do it. */
function renewAll(cluster: Cluster): void {
  for (const remote of cluster.remotes.values()) remote.isRenewed = true;
  for (const connection of [...cluster.connections]) connection.close(CloseReason.routeRemoved);
}

/** Whether a line is packed is settled when it begins; how it is can change at any time. */
function changeCompression(cluster: Cluster, before: ClusterConfig, after: ClusterConfig): void {
  if (!isPacked(before.compression.mode) || !isPacked(after.compression.mode)) renewAll(cluster);
  else for (const connection of cluster.connections) connection.changePacking(after.compression);
}

/** Whoever connected with what is no longer good has to show what is. */
function sendAwayStrangers(cluster: Cluster, before: ClusterConfig, after: ClusterConfig): void {
  if (!cluster.requiresLogin || (before.user === after.user && before.password === after.password)) return;
  for (const connection of [...cluster.connections]) {
    if (!connection.isSolicited) connection.refuse('Authorization Violation', CloseReason.authenticationFailure);
  }
}

function changePermissions(cluster: Cluster, { permissions }: ClusterConfig): void {
  const mayBefore = cluster.asker();
  cluster.permit(permissions);
  for (const connection of cluster.connections) {
    if (connection.remote === null) continue;
    connection.foreign.review((subject, queue) => cluster.mayBeAskedFor(subject, queue));
    cluster.announcer.takeBack(connection, ({ subject }) => mayBefore(subject) && !cluster.mayAskFor(subject));
    cluster.announcer.sendAll(connection);
  }
}

function changeRoutes(cluster: Cluster, { routes }: ClusterConfig): void {
  const gone = cluster.dialer.configure(routes);
  for (const remote of [...cluster.remotes.values()]) {
    const { solicitation } = remote;
    if (solicitation === null || !gone.some((url) => isSameUrl(url, solicitation.url))) continue;
    remote.solicitation = null;
    for (const connection of remote.connections) connection.close(CloseReason.routeRemoved);
  }
}

async function changeSizes(cluster: Cluster, config: ClusterConfig): Promise<void> {
  const before = cluster.sizes;
  const after = cluster.sizesFor(config);
  const added = [...after.dedicated].filter((account) => !before.dedicated.has(account));
  const removed = [...before.dedicated].filter((account) => !after.dedicated.has(account));
  if (before.own !== after.own) {
    cluster.sizes = after;
    renewAll(cluster);
    return;
  }
  // Whoever hears of it may be faster than the slowest of the others.
  cluster.sizes = after;
  for (const account of added) await cluster.ownLines.announce(account);
  for (const remote of cluster.remotes.values()) {
    remote.sizes = after;
    for (const account of removed) cluster.ownLines.release(remote, account);
    cluster.ownLines.expect(remote);
    cluster.dialer.complete(remote);
  }
}
