/** What is asked of a server, this one or all: `$SYS.REQ.SERVER.<id>.<service>` and `$SYS.REQ.SERVER.PING.<service>`. */
import { getHeapStatistics } from 'node:v8';
import { quoted, wireJson } from '../../../kernel/plugin-api.ts';
import type { MonitorEndpoints } from '../../monitoring/contract.ts';
import type { Statistics } from '../events/statistics.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Answer, type Request, reply } from './answer.ts';
import { BodyQuery } from './body-query.ts';
import { control } from './control.ts';
import { decode, FILTERS, type Fields, type Options } from './decode.ts';
import { isMeant } from './filter.ts';
import { MONITOR_SERVICES, type MonitorService } from './services.ts';

const NOT_LEADER = 'filtered response: not leader';
const OWN_FIELDS: Readonly<Record<string, Fields>> = {
  PROFILEZ: { name: 'string', debug: 'int', duration: 'time.Duration' },
  EXPVARZ: {},
  IPQUEUESZ: { all: 'bool', filter: 'string' },
  RAFTZ: { account: 'string', group: 'string' },
};
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
  else await tellOwn(of, service, request);
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
  try {
    const answer = await monitor.ask(path, new BodyQuery(options, names));
    if (answer === null) return failure(`no endpoint ${path}`);
    return { data: path === '/healthz' ? withStatus(answer) : answer.body };
  } catch (error) {
    const { message } = error as Error;
    return message === NOT_LEADER ? null : failure(message);
  }
}

export function failure(description: string): Answer {
  return { data: 'null', error: { code: 500, description } };
}

/** Over HTTP the status stands in front of the body. */
function withStatus({ status, body }: { readonly status: number; readonly body: string }): string {
  const { status: word, ...rest } = JSON.parse(body) as Record<string, unknown>;
  return wireJson({ status: word, status_code: status, ...rest });
}

async function tellOwn(of: Surroundings, service: string, request: Request): Promise<void> {
  if (request.reply === '') return;
  const typeName = `${service[0]}${service.slice(1).toLowerCase()}EventOptions`;
  const fields = { ...OWN_FIELDS[service], ...FILTERS };
  const options = await accepted(of, request, typeName, fields);
  if (options !== null) await reply(of, request, { data: wireJson(ownBody(service, options)) });
}

/** What exists in another runtime only has its place, and nothing in it. */
function ownBody(service: string, { name = '' }: Options): object {
  if (service === 'PROFILEZ') {
    const error = name === '' ? 'Profile name not specified' : `Profile ${quoted(String(name))} not found`;
    return { profile: null, error };
  }
  if (service === 'EXPVARZ') return { memstats: memoryFigures(), cmdline: [process.argv[1] ?? process.execPath] };
  return {};
}

function memoryFigures(): object {
  const heap = getHeapStatistics();
  return {
    Alloc: heap.used_heap_size,
    Sys: process.memoryUsage.rss(),
    HeapAlloc: heap.used_heap_size,
    HeapSys: heap.total_heap_size,
    HeapInuse: heap.total_physical_size,
  };
}
