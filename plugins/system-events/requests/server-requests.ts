/** What is asked of a server, this one or all: `$SYS.REQ.SERVER.<id>.<service>` and `$SYS.REQ.SERVER.PING.<service>`. */
import { formatDuration, quoted, wireJson } from '../../../kernel/plugin-api.ts';
import type { MonitorEndpoints } from '../../monitoring/contract.ts';
import type { Statistics } from '../events/statistics.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Answer, type Request, reply } from './answer.ts';
import { BodyQuery } from './body-query.ts';
import { control } from './control.ts';
import { decode, FILTERS, type Fields, type Options } from './decode.ts';
import { isMeant } from './filter.ts';
import { MONITOR_SERVICES, type MonitorService } from './services.ts';

const NOT_FOUND = 404;
const NOT_LEADER = 'filtered response: not leader';
const NEEDS_ACCOUNT = 'filter by subject only valid with account filtering';
const CONTROLS = new Set(['RELOAD', 'KICK', 'LDM']);

/** `service` is one that there is. */
export async function serverService(
  of: Surroundings,
  statistics: Statistics,
  service: string,
  request: Request,
): Promise<void> {
  const monitored = MONITOR_SERVICES.get(service);
  if (service === 'IDZ') identify(of, request);
  else if (service === 'STATSZ') await tellStatistics(of, statistics, request);
  else if (CONTROLS.has(service)) await control(of, service, request);
  else if (monitored !== undefined) await monitor(of, monitored, request);
  else await profile(of, request);
}

function identify(of: Surroundings, { account, reply: to }: Request): void {
  const { name, advertised, identity } = of.broker;
  if (to !== '') of.publish(account, to, { name, host: advertised.host, id: identity.id });
}

/** Whoever leaves no address wants everybody to hear it. */
async function tellStatistics(of: Surroundings, statistics: Statistics, request: Request): Promise<void> {
  const options = await accepted(of, request, 'StatszEventOptions', FILTERS);
  if (options === null) return;
  if (request.reply === '') statistics.broadcastNow();
  else of.publish(request.account, request.reply, await statistics.describe());
}

async function monitor(of: Surroundings, service: MonitorService, request: Request): Promise<void> {
  if (request.reply === '') return;
  const options = await accepted(of, request, service.typeName, service.fields);
  if (options === null) return;
  const answer = await ask(of.monitor, service, options);
  if (answer !== null) await reply(of, request, answer);
}

/** The options, if the request is for this server and can be read; otherwise null, and what is to be said was said. */
export async function accepted(
  of: Surroundings,
  request: Request,
  typeName: string,
  fields: Fields,
): Promise<Options | null> {
  const decoded = decode(Buffer.from(request.body).toString(), typeName, fields);
  if ('options' in decoded) return isMeant(decoded.options, of) ? decoded.options : null;
  if (request.reply !== '') await reply(of, request, { error: { code: 400, description: decoded.failure } });
  return null;
}

/** Null: nothing is to be said. */
export async function ask(
  monitor: MonitorEndpoints,
  { path, names }: MonitorService,
  options: Options,
): Promise<Answer | null> {
  if (path === '/connz' && options.filter_subject && !options.acc) return failure(NEEDS_ACCOUNT);
  try {
    const answer = await monitor.ask(path, new BodyQuery(options, names));
    if (answer === null) return failure(`no endpoint ${path}`);
    if (path === '/healthz') return { data: withStatus(answer) };
    // Over HTTP it is a text that there is nothing of a kind; here it is nothing.
    return { data: answer.status === NOT_FOUND ? '{}' : oneLine(path, answer.body) };
  } catch (error) {
    const { message } = error as Error;
    return message === NOT_LEADER ? null : failure(message);
  }
}

export function failure(description: string): Answer {
  return { data: 'null', error: { code: 500, description } };
}

/** In the order of the other form. */
function oneLine(path: string, body: string): string {
  if (path !== '/debug/vars') return body;
  const { memstats, cmdline } = JSON.parse(body) as Record<string, unknown>;
  return wireJson({ memstats, cmdline });
}

/** Over HTTP the status stands in front of the body. */
function withStatus({ status, body }: { readonly status: number; readonly body: string }): string {
  const { status: word, ...rest } = JSON.parse(body) as Record<string, unknown>;
  return wireJson({ status: word, status_code: status, ...rest });
}

const PROFILE_FIELDS: Fields = { name: 'string', debug: 'int', duration: 'time.Duration', ...FILTERS };
const PROFILE_MS_MAX = 15_000;

/** Profiles are those of another runtime: there are none here. What is wrong with the question is told all the same. */
async function profile(of: Surroundings, request: Request): Promise<void> {
  if (request.reply === '') return;
  const options = await accepted(of, request, 'ProfilezEventOptions', PROFILE_FIELDS);
  if (options !== null) await reply(of, request, { data: wireJson({ profile: null, error: profileProblem(options) }) });
}

function profileProblem({ name = '', duration = 0 }: Options): string {
  if (name === '') return 'Profile name not specified';
  const durationMs = Number(duration) / 1e6;
  if (name === 'cpu' && (durationMs <= 0 || durationMs > PROFILE_MS_MAX)) {
    return `Duration ${formatDuration(durationMs)} should be between 0s and 15s`;
  }
  return `Profile ${quoted(String(name))} not found`;
}
