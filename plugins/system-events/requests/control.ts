/** Requests that change something: another configuration, a client that has to go, a client that is told to. */
import { type Broker, CloseReason, type Connection, isClient } from '../../../kernel/plugin-api.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Answer, type Request, reply } from './answer.ts';
import { decode, FILTERS, type Options } from './decode.ts';
import { isMeant } from './filter.ts';

export async function control(of: Surroundings, service: string, request: Request): Promise<void> {
  const options = read(of, service, request);
  if (options === null || !isMeant(options, of)) return;
  const failure = service === 'RELOAD' ? await reload(of) : onClient(of, service, Number(options.cid ?? 0));
  const answer: Answer | null = failure === null ? null : { error: { code: 500, description: failure } };
  if (request.reply !== '') await reply(of, request, answer);
}

/** Whoever kicks nobody in particular gets no answer, and the log says why. */
function read(of: Surroundings, service: string, request: Request): Options | null {
  const text = Buffer.from(request.body).toString();
  if (service === 'RELOAD') {
    const decoded = decode(text, 'EventFilterOptions', FILTERS);
    if ('options' in decoded) return decoded.options;
    void reply(of, request, { error: { code: 400, description: decoded.failure } });
    return null;
  }
  const name = service === 'KICK' ? 'KickClientReq' : 'LDMClientReq';
  const decoded = decode(text, name, { ...FILTERS, cid: 'uint64' });
  const failure = 'failure' in decoded ? decoded.failure : text === '' ? 'unexpected end of JSON input' : null;
  if (failure === null) return (decoded as { options: Options }).options;
  of.log.error(`Error unmarshalling a request to ${request.subject}: ${failure}`);
  return null;
}

/** Null when it is done, or why not. */
async function reload({ broker }: Surroundings): Promise<string | null> {
  const { reloader } = broker;
  return reloader === null ? 'this broker cannot be reloaded: it does not run from a configuration file' : reloader();
}

/** Lines to other servers of which events tell can be closed as clients can. */
function lineNumbered({ links }: Broker, id: number): Connection | undefined {
  for (const link of links) if (link.id === id && link.introduction !== null) return link;
  return undefined;
}

function onClient({ broker }: Surroundings, service: string, id: number): string | null {
  const connection = broker.connections.get(id) ?? lineNumbered(broker, id);
  const isKick = service === 'KICK';
  if (connection === undefined) return isKick ? 'no such client or leafnode id' : 'no such client id';
  if (isKick) {
    connection.close(CloseReason.kicked);
    return null;
  }
  if (!isClient(connection)) return 'no such client id';
  if (!connection.wantsInfoUpdates) {
    return 'client does not support Lame Duck Mode or is not ready to receive the notification';
  }
  connection.sendInfo({ ...broker.infoFor(connection), ldm: true });
  return null;
}
