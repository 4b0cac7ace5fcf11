/** /healthz: whether this server can be used. */
import { quotedText } from '../../../kernel/plugin-api.ts';
import type { HealthProblem, MonitorAnswer, MonitorQuery } from '../contract.ts';
import type { Monitor } from '../monitor.ts';
import { closedListeners } from '../readiness.ts';

const UNAVAILABLE = 503;
const SECTION_SWITCHES = ['js-enabled-only', 'js-server-only', 'js-meta-only'];

interface Failure extends HealthProblem {
  readonly code: number;
}

export async function healthz(monitor: Monitor, query: MonitorQuery): Promise<MonitorAnswer> {
  if (query.boolean('js-enabled')) {
    monitor.warn('Healthcheck: js-enabled deprecated, use js-enabled-only instead');
  }
  // What is not understood is refused, also where no section asks for it.
  for (const name of SECTION_SWITCHES) query.boolean(name);
  const isDetailed = query.boolean('details');
  const failures = await findFailures(monitor, query);
  if (failures.length === 0) return { json: { status: 'ok' }, status: 200, isCompact: true };
  const worst = failures[0]!;
  monitor.warn(`Healthcheck failed: ${isDetailed ? `${failures.length} errors` : quotedText(worst.error)}`);
  const json = isDetailed
    ? { status: 'error', errors: failures.map(entryOf) }
    : { status: worst.code === UNAVAILABLE || worst.code === 404 ? 'unavailable' : 'error', error: worst.error };
  return { json, status: worst.code, isCompact: true };
}

async function findFailures(monitor: Monitor, query: MonitorQuery): Promise<Failure[]> {
  const mistake = findMistake(query);
  if (mistake !== null) return [{ type: 'BAD_REQUEST', error: mistake, code: 400 }];
  const closed = closedListeners(monitor.broker, monitor.sections);
  if (closed.length > 0) {
    const error = `failed to be ready for connections after 1ms: ${closed.join(', ')}`;
    return [{ type: 'CONNECTION', error, code: 500 }];
  }
  if (query.boolean('js-server-only')) return [];
  const failures: Failure[] = [];
  for (const { health } of monitor.sections) {
    const problems = (await health?.(query)) ?? [];
    failures.push(...problems.map((problem) => ({ ...problem, code: problem.code ?? UNAVAILABLE })));
  }
  return failures;
}

function findMistake(query: MonitorQuery): string | null {
  const [account, stream, consumer] = ['account', 'stream', 'consumer'].map((name) => query.text(name));
  if (stream !== '' && account === '') return '"account" must not be empty when checking stream health';
  if (consumer !== '' && stream === '') return '"stream" must not be empty when checking consumer health';
  return null;
}

function entryOf({ type, account, stream, consumer, error }: Failure): object {
  return { type, account, stream, consumer, error };
}
