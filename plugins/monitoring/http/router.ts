/** From a request to the reply that is due: no sockets here, so that all of it can be asked directly. */
import { NATS_VERSION } from '../../../kernel/plugin-api.ts';
import type { MonitorAnswer, MonitorEndpoint } from '../contract.ts';
import { compactJson, jsonPieces } from '../json-text.ts';
import type { Monitor } from '../monitor.ts';
import { cleanBase, cleanPath } from './base-path.ts';
import { indexPage } from './index-page.ts';
import { BadRequest, Query } from './query.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | AsyncIterable<string>;
}

const PLAIN = { 'Content-Type': 'text/plain; charset=utf-8' };
const HTML = { 'Content-Type': 'text/html; charset=utf-8' };
const JSON_FOR_ALL = { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'application/json' };
const NOT_FOUND: Reply = {
  status: 404,
  headers: { ...PLAIN, 'X-Content-Type-Options': 'nosniff' },
  body: '404 page not found\n',
};
/** Nothing here changes anything, so there is nothing else to do than to look. */
const ONLY_GET: Reply = {
  status: 405,
  headers: { ...PLAIN, Allow: 'GET, HEAD' },
  body: 'the monitor answers GET and HEAD\n',
};

export class Router {
  readonly #monitor: Monitor;
  readonly #endpoints: ReadonlyMap<string, MonitorEndpoint>;
  readonly #base: string;

  constructor(monitor: Monitor, endpoints: ReadonlyMap<string, MonitorEndpoint>) {
    this.#monitor = monitor;
    this.#endpoints = endpoints;
    this.#base = cleanBase(monitor.config.basePath);
  }

  async reply(method: string, target: string): Promise<Reply> {
    if (method !== 'GET' && method !== 'HEAD') return ONLY_GET;
    const [, path, search] = /^([^?#]*)\??([^#]*)/.exec(target) as unknown as [string, string, string];
    const clean = cleanPath(path);
    if (clean !== path) return movedTo(search === '' ? clean : `${clean}?${search}`);
    if (clean === (this.#base === '' ? '/' : this.#base)) return this.#index();
    const endpoint = path.startsWith(`${this.#base}/`) ? this.#endpoints.get(path.slice(this.#base.length)) : undefined;
    return endpoint === undefined ? NOT_FOUND : this.#ask(endpoint, new URLSearchParams(search));
  }

  #index(): Reply {
    this.#count('/');
    return { status: 200, headers: HTML, body: indexPage(this.#base, NATS_VERSION, this.#endpoints.values()) };
  }

  async #ask(endpoint: MonitorEndpoint, parameters: URLSearchParams): Promise<Reply> {
    try {
      if (endpoint.countedAs !== undefined) this.#count(endpoint.countedAs);
      return this.#print(await endpoint.answer(new Query(parameters)));
    } catch (error) {
      if (error instanceof BadRequest) return { status: 400, headers: PLAIN, body: error.message };
      throw error;
    }
  }

  #print(answer: MonitorAnswer): Reply {
    if ('text' in answer) return { status: answer.status, headers: PLAIN, body: answer.text };
    const { json, status = 200, isCompact = false } = answer;
    const body = isCompact ? compactJson(json) : jsonPieces(json, this.#monitor.pace());
    return { status, headers: JSON_FOR_ALL, body };
  }

  #count(path: string): void {
    const { requests } = this.#monitor;
    requests.set(path, (requests.get(path) ?? 0) + 1);
  }
}

function movedTo(location: string): Reply {
  const shown = location.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  const body = `<a href="${shown}">Moved Permanently</a>.\n\n`;
  return { status: 301, headers: { ...HTML, Location: location }, body };
}
