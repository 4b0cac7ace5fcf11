/** What /healthz says of streams: whether all of them are there, whole, and can be written. */
import { textFromSubject } from '../../kernel/plugin-api.ts';
import type { StorageDriver } from '../../storage-drivers/contract.ts';
import type { HealthProblem, MonitorQuery } from '../monitoring/contract.ts';
import type { StreamAccount } from './account/stream-account.ts';
import type { Stream } from './stream/stream.ts';
import type { DamageWatch } from './trouble/damage-watch.ts';
import { plural, rangesText } from './trouble/range-text.ts';

/** What is looked at. */
export interface Patient {
  readonly accounts: readonly StreamAccount[];
  readonly drivers: Iterable<StorageDriver>;
  readonly watches: readonly DamageWatch[];
  /** What is wrong with the directory; null where nothing is. */
  directoryProblem(): Promise<string | null>;
}

interface Asked {
  readonly account: string;
  readonly stream: string;
  readonly consumer: string;
}

const NOT_FOUND = 404;

export async function healthOf(patient: Patient, query: MonitorQuery): Promise<readonly HealthProblem[]> {
  if (query.boolean('js-enabled-only') || query.boolean('js-enabled')) return [];
  const asked = { account: query.text('account'), stream: query.text('stream'), consumer: query.text('consumer') };
  const problems = asked.account === '' ? [...(await storageProblems(patient))] : [];
  const accounts = patient.accounts.filter((account) => asked.account === '' || nameOf(account) === asked.account);
  if (asked.account !== '' && accounts.length === 0) {
    const error = `JetStream account "${asked.account}" not found`;
    return [{ type: 'ACCOUNT', code: NOT_FOUND, account: asked.account, error }];
  }
  for (const account of accounts) problems.push(...accountProblems(account, asked));
  return problems;
}

async function storageProblems({ drivers, watches, directoryProblem }: Patient): Promise<HealthProblem[]> {
  const errors: string[] = [];
  for (const { trouble } of drivers) {
    if (trouble == null) continue;
    const what = trouble.kind === 'full' ? 'has no room' : 'can not be written';
    errors.push(`JetStream storage ${what}: ${trouble.error.message}`);
  }
  for (const { unreadable } of watches) {
    errors.push(...unreadable.map(({ path }) => `JetStream stream in ${path} could not be recovered`));
  }
  const directory = await directoryProblem();
  if (directory !== null) errors.push(directory);
  return errors.map((error) => ({ type: 'JETSTREAM', error }));
}

function* accountProblems(account: StreamAccount, { stream: name, consumer }: Asked): Generator<HealthProblem> {
  const place = { account: nameOf(account) };
  for (const unrecovered of account.unrecovered.keys()) {
    if (name !== '' && name !== unrecovered) continue;
    const error = `JetStream stream '${place.account} > ${unrecovered}' could not be recovered`;
    yield { type: 'STREAM', ...place, stream: unrecovered, error };
  }
  if (name === '') {
    for (const stream of account.streams.values()) yield* streamProblems(stream, place.account);
    return;
  }
  const stream = account.streams.get(name);
  if (stream !== undefined) {
    yield* streamProblems(stream, place.account);
    if (consumer !== '' && !stream.consumers.byName.has(consumer)) yield missingConsumer(place.account, name, consumer);
  } else if (!account.unrecovered.has(name)) {
    const error = `JetStream stream "${name}" not found on account "${place.account}"`;
    yield { type: 'STREAM', code: NOT_FOUND, ...place, stream: name, error };
  }
}

function* streamProblems({ name, trouble, log }: Stream, account: string): Generator<HealthProblem> {
  const title = `JetStream stream '${account} > ${name}'`;
  const place = { type: 'STREAM', account, stream: name };
  if (trouble !== null) yield { ...place, error: `${title} write error: ${trouble.message}` };
  if (!log.hasLost) return;
  const { ranges, records } = log.lost;
  yield { ...place, error: `${title} lost ${plural(records, 'message')}: ${rangesText(ranges)}` };
}

function missingConsumer(account: string, stream: string, consumer: string): HealthProblem {
  const error = `JetStream consumer "${consumer}" not found for stream "${stream}" on account "${account}"`;
  return { type: 'CONSUMER', code: NOT_FOUND, account, stream, consumer, error };
}

function nameOf({ account }: StreamAccount): string {
  return textFromSubject(account.name);
}
