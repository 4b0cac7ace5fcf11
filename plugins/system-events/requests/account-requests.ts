/** What is asked of an account: `$SYS.REQ.ACCOUNT.<account>.<service>`, from the system account or, about itself, from any. */
import { Pace, wireJson, wireTime } from '../../../kernel/plugin-api.ts';
import { type AccountConnections, hasConnections } from '../events/account-connections.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Answer, type Request, reply } from './answer.ts';
import { decode, FILTERS } from './decode.ts';
import { accepted, ask, failure } from './server-requests.ts';
import { MONITOR_SERVICES } from './services.ts';

const STATZ_FIELDS = { ...FILTERS, accounts: '[]string', include_unused: 'bool' } as const;

/** `name` is the account's; `PING` for all of them, where that means something. */
export async function accountService(
  of: Surroundings,
  connections: AccountConnections,
  { name, service }: { readonly name: string; readonly service: string },
  request: Request,
): Promise<void> {
  if (service === 'STATZ') await statistics(of, name === 'PING' ? null : [name], request);
  if (service === 'CONNS') await tellConnections(of, connections, name, request);
  if (service === 'JSZ') await streams(of, name, request);
  if (service === 'INFO') await detail(of, name, request);
  if (service === 'SUBSZ') await restricted(of, service, { account: name, subscriptions: true }, request);
  if (service === 'CONNZ') await restricted(of, service, { acc: name }, request);
  if (service === 'LEAFZ') await restricted(of, service, { account: name }, request);
}

/** Whatever the body says about the account, the subject says it better. */
async function restricted(of: Surroundings, name: string, forced: object, request: Request): Promise<void> {
  const service = MONITOR_SERVICES.get(name);
  if (request.reply === '' || service === undefined) return;
  const options = await accepted(of, request, service.typeName, service.fields);
  if (options === null) return;
  const answer = await ask(of.monitor, service, { ...options, ...forced });
  if (answer !== null) await reply(of, request, answer);
}

async function detail(of: Surroundings, account: string, request: Request): Promise<void> {
  const service = MONITOR_SERVICES.get('ACCOUNTZ');
  if (request.reply === '' || service === undefined) return;
  if ((await accepted(of, request, 'AccInfoEventOptions', FILTERS)) === null) return;
  const answer = await ask(of.monitor, service, { account });
  if (answer === null || 'error' in answer) {
    if (answer !== null) await reply(of, request, answer);
    return;
  }
  const { account_detail } = JSON.parse(answer.data) as { account_detail: object };
  await reply(of, request, { data: wireJson(account_detail) });
}

async function streams(of: Surroundings, account: string, request: Request): Promise<void> {
  const service = MONITOR_SERVICES.get('JSZ');
  if (request.reply === '' || service === undefined) return;
  const options = await accepted(of, request, service.typeName, service.fields);
  if (options === null) return;
  // Unlike over HTTP, consumers are not told of without their streams.
  const consumer = options.streams === true && options.consumer === true;
  const answer = await ask(of.monitor, service, { ...options, consumer, account, accounts: true });
  if (answer === null) return;
  await reply(of, request, 'error' in answer ? answer : streamsIn(of, account, answer.data));
}

const DETAILS = '"account_details":[';
const END_OF_DETAILS = '],"total":';

/** The one account of an answer about it alone, cut out: its limits are numbers that would not stay what they are. */
function streamsIn({ broker }: Surroundings, account: string, all: string): Answer {
  const { disabled } = JSON.parse(all) as { readonly disabled?: boolean };
  if (disabled === true) return failure('jetstream not enabled');
  const start = all.indexOf(DETAILS);
  if (start >= 0) return { data: all.slice(start + DETAILS.length, all.lastIndexOf(END_OF_DETAILS)) };
  const isKnown = broker.accounts.get(account) !== undefined;
  return failure(`account ${JSON.stringify(account)} ${isKnown ? 'not jetstream enabled' : 'not found'}`);
}

/** Nobody answers who has nothing to tell. */
async function statistics(of: Surroundings, only: readonly string[] | null, request: Request): Promise<void> {
  if (request.reply === '') return;
  const options = await accepted(of, request, 'AccountStatzEventOptions', STATZ_FIELDS);
  if (options === null) return;
  const { accounts: registry, identity } = of.broker;
  const named = only ?? (options.accounts as readonly string[] | undefined) ?? [];
  const all = named.length === 0 ? [...registry.all()] : named.flatMap((name) => registry.get(name) ?? []);
  const shown = all.filter((account) => options.include_unused === true || hasConnections(account));
  if (shown.length === 0 && options.include_unused !== true) return;
  const rows: string[] = [];
  const pace = new Pace(of.clock);
  for (const account of shown) {
    rows.push(wireJson(await of.monitor.accountStatistics(account)));
    if (pace.isDue) await pace.rest();
  }
  const head = wireJson({ server_id: identity.id, now: wireTime(of.clock.now()) }).slice(0, -1);
  await reply(of, request, { data: `${head},"account_statz":[${rows.join(',')}]}` });
}

async function tellConnections(
  of: Surroundings,
  connections: AccountConnections,
  name: string,
  request: Request,
): Promise<void> {
  const decoded = decode(Buffer.from(request.body).toString(), 'accNumConnsReq', { acc: 'string' });
  const account = of.broker.accounts.get(name);
  if (request.reply === '' || account === undefined || !hasConnections(account)) return;
  if ('failure' in decoded || (decoded.options.acc ?? name) !== name) return;
  of.publish(request.account, request.reply, await connections.describe(account, of.clock.now()));
}
