/**
 * Reads the configuration again and has a running broker take on what changed: all of it, or nothing.
 *
 * Whatever can fail comes first: reading, checking, comparing, and the plugins, who take their part back when one of
 * them fails. What follows cannot fail.
 */
import { diffConfigsInSteps } from '../kernel/config/diff.ts';
import { EMPTY_CONFIG } from '../kernel/config/grammar/parse.ts';
import { PluginError } from '../kernel/hooks/plugin-error.ts';
import type { ServerLog } from '../kernel/log/server-log.ts';
import { inTurns } from '../kernel/ports/steps.ts';
import { turnOf } from '../kernel/ports/turn.ts';
import type { Server } from '../kernel/server.ts';
import { applyOptions } from './apply-options.ts';
import { brokerOptions } from './broker-options.ts';
import { type Configuration, type ConfigurationRequest, readSoundConfiguration } from './configuration.ts';
import { prepareLog } from './log-reload.ts';
import { listRefusal } from './plugin-list-reload.ts';
import { reloadPlugins } from './plugin-reload.ts';
import { reloadLines } from './reload-lines.ts';

export interface Reload {
  readonly request: ConfigurationRequest;
  readonly configuration: Configuration;
  readonly log: ServerLog;
  readonly time: () => number;
  readonly server: Server;
}

/** The configuration now in force, or why it is still the old one: the log says that too. */
export async function reload(parts: Reload): Promise<Configuration | { readonly failure: string }> {
  const { log, request, server } = parts;
  try {
    if (request.path === undefined) {
      throw new Error('can only reload config when a file is provided using -c or --config');
    }
    const after = await readAgain(parts);
    refuseEmptied(parts.configuration, after);
    // Clients are served between one step and the next.
    await turnOf(server.broker.clock);
    await takeOn(parts, after);
    return after;
  } catch (error) {
    const failure = failureOf(error);
    log.error(`Failed to reload server configuration: ${failure}`);
    return { failure };
  }
}

/** Whoever begins to write a file empties it first: that is not the wish to let in everybody. */
function refuseEmptied(before: Configuration, after: Configuration): void {
  if (isEmpty(before) || !isEmpty(after)) return;
  throw new Error(`${after.loaded.files[0] ?? ''}: ${EMPTY_CONFIG}`);
}

function isEmpty({ problems }: Configuration): boolean {
  return problems.some(({ text }) => text === EMPTY_CONFIG);
}

/** Plugins that run stay, with the defaults when the file no longer speaks of them. */
function readAgain({ request, configuration, server }: Reload): Promise<Configuration> {
  const pause = (): Promise<void> => turnOf(server.broker.clock);
  return readSoundConfiguration({ ...request, atLeast: configuration.requests, pause });
}

async function takeOn({ configuration: before, server, log, time }: Reload, after: Configuration): Promise<void> {
  const { broker } = server;
  const pause = (): Promise<void> => turnOf(broker.clock);
  const diff = await inTurns(diffConfigsInSteps(before.loaded, after.loaded), pause);
  const isListWritten = diff.fields.some(({ key }) => key === 'plugins');
  const refusal = diff.refusals[0] ?? (isListWritten ? listRefusal(server.host, before, after) : null);
  if (refusal !== null) throw new Error(refusal);
  await turnOf(broker.clock);
  const options = await broker.configure(brokerOptions(after.loaded, broker.random));
  await turnOf(broker.clock);
  const added = options.accounts.filter(({ name }) => broker.accounts.get(name) === undefined);
  const openedLog = await prepareLog(before.loaded, after.loaded, time);
  try {
    for (const account of added) broker.configureAccount(account);
    await reloadPlugins(server, before, after, diff);
  } catch (error) {
    for (const { name } of added) broker.accounts.remove(name);
    openedLog.discard();
    throw error;
  }
  await turnOf(broker.clock);
  openedLog.takeOver(log);
  const lines = applyOptions(server, { before: before.loaded, after: after.loaded, diff, options });
  for (const line of [...reloadLines(diff.fields), ...lines]) log.info(line);
  await broker.hooks.serverReload.slot?.({ before, after });
  log.info(`Reloaded server configuration (${after.loaded.digest})`);
}

/** A refusal in the words of a NATS server stands alone: tools look for it behind the words it is logged with. */
function failureOf(error: unknown): string {
  if (!PluginError.is(error)) return (error as Error).message;
  const reasons = [error, ...error.problems].map(({ cause }) => cause);
  const known = reasons.find(
    (reason) => typeof reason === 'string' && reason.startsWith('config reload not supported'),
  );
  return known === undefined ? error.message : String(known);
}
