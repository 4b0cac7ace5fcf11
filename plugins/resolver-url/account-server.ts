/** Asks a web server for tokens, one GET each. Whatever goes wrong is told in one line, in a NATS server's words. */
import { Agent, type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure, Agent as SecureAgent } from 'node:https';
import type { Clock } from '../../kernel/plugin-api.ts';
import { readBody } from './body.ts';
import { Plainly } from './plainly.ts';
import type { ClientTls } from './tls.ts';
import { failureReason, LATE, shownUrl } from './words.ts';

const TIMEOUT_MS = 1900;
const REDIRECTS_MAX = 10;
const SOCKETS_MAX = 32;

export interface Surroundings {
  readonly clock: Clock;
  readonly tls: ClientTls;
}

export class AccountServer {
  readonly #base: string;
  readonly #clock: Clock;
  readonly #plain = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });
  readonly #secure: SecureAgent;
  readonly #underWay = new Set<AbortController>();

  constructor(base: string, { clock, tls }: Surroundings) {
    this.#base = base.endsWith('/') ? base : `${base}/`;
    this.#clock = clock;
    this.#secure = new SecureAgent({ keepAlive: true, maxSockets: SOCKETS_MAX, ...tls });
  }

  /** What the server has under the name. */
  async get(name: string): Promise<string> {
    const url = this.#base + name;
    const late = new AbortController();
    const timer = this.#clock.after(TIMEOUT_MS, () => late.abort(new Error(LATE)));
    this.#underWay.add(late);
    try {
      return await this.#follow(parsed(url), late.signal);
    } catch (cause) {
      // Whatever breaks off then does so because of that.
      const error = (late.signal.aborted ? late.signal.reason : cause) as Error;
      throw new Error(`could not fetch <"${shownUrl(url)}">: ${failureReason(error, url)}`, { cause });
    } finally {
      timer.cancel();
      this.#underWay.delete(late);
    }
  }

  close(): void {
    for (const one of this.#underWay) one.abort(new Error('the broker closes'));
    this.#plain.destroy();
    this.#secure.destroy();
  }

  async #follow(first: URL, signal: AbortSignal): Promise<string> {
    let url = first;
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const response = await this.#ask(url, signal);
      const next = nextUrl(url, response);
      if (next === null) return readBody(response);
      response.destroy();
      url = next;
    }
    throw new Plainly(`stopped after ${REDIRECTS_MAX} redirects`);
  }

  #ask(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const settings = { signal, headers: { accept: '*/*' } };
      const request: ClientRequest =
        url.protocol === 'https:'
          ? requestSecure(url, { ...settings, agent: this.#secure })
          : requestPlain(url, { ...settings, agent: this.#plain });
      request.on('error', reject);
      request.on('response', resolve);
      request.end();
    });
  }
}

function parsed(url: string): URL {
  if (!URL.canParse(url)) throw new Plainly('this is no URL');
  const found = new URL(url);
  if (found.protocol === 'http:' || found.protocol === 'https:') return found;
  throw new Plainly(`unsupported protocol scheme "${found.protocol.slice(0, -1)}"`);
}

/** Null where the response is the answer itself; throws where it is none. */
function nextUrl(url: URL, response: IncomingMessage): URL | null {
  const { statusCode = 0, statusMessage = '', headers } = response;
  if (statusCode === 200) return null;
  const isRedirect = [301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined;
  if (isRedirect) return redirected(url, headers.location!);
  response.destroy();
  throw new Plainly(`${statusCode} ${statusMessage}`, true);
}

function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw new Plainly('redirected to something that is no URL');
  const to = new URL(location, from);
  if (from.protocol === 'https:' && to.protocol !== 'https:') throw new Plainly('redirected from https to plain text');
  if (to.host === from.host && to.username === '') {
    to.username = from.username;
    to.password = from.password;
  }
  return parsed(to.href);
}
