/** From a request to the reply that is due: no sockets here, so that all of it can be asked directly. */
import { type EndpointHandler, isEndpointText, NATS_VERSION } from '../../../kernel/plugin-api.ts';
import type { MonitorAnswer, MonitorEndpoint } from '../contract.ts';
import { compactJson, jsonPieces } from '../json-text.ts';
import type { Monitor } from '../monitor.ts';
import { cleanBase, cleanPath, decodedPath, encodedPath, splitTarget } from './base-path.ts';
import { indexPage } from './index-page.ts';
import { BadRequest, Query, readSearch } from './query.ts';

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
const BAD_PATH: Reply = { status: 400, headers: { ...PLAIN, Connection: 'close' }, body: '400 Bad Request' };

export class Router {
  readonly #monitor: Monitor;
  readonly #endpoints: ReadonlyMap<string, MonitorEndpoint>;
  readonly #others: () => ReadonlyMap<string, EndpointHandler>;
  readonly #base: string;

  /** `others`: what plugins serve that know nothing of the monitor; its own endpoints come first. */
  constructor(
    monitor: Monitor,
    endpoints: ReadonlyMap<string, MonitorEndpoint>,
    others: () => ReadonlyMap<string, EndpointHandler>,
  ) {
    this.#monitor = monitor;
    this.#endpoints = endpoints;
    this.#others = others;
    this.#base = cleanBase(monitor.config.basePath);
  }

  /** Nothing here changes anything: it is the same whatever the method is. */
  async reply(target: string, accept = ''): Promise<Reply> {
    const { path, search } = splitTarget(target);
    const plain = decodedPath(path);
    if (plain === null) return BAD_PATH;
    const clean = cleanPath(plain);
    if (clean !== plain) return movedTo(withSearch(encodedPath(clean), search));
    if (clean === (this.#base === '' ? '/' : this.#base)) return this.#index();
    if (!clean.startsWith(`${this.#base}/`)) return NOT_FOUND;
    return this.#serve(clean.slice(this.#base.length), search, accept);
  }

  async #serve(path: string, search: string, accept: string): Promise<Reply> {
    const endpoint = this.#endpoints.get(path);
    if (endpoint !== undefined) return this.#ask(endpoint, readSearch(search));
    const other = this.#others().get(path);
    return other === undefined ? NOT_FOUND : printOther(await other({ path, query: readSearch(search), accept }));
  }

  #index(): Reply {
    this.#count('/');
    // What ends in a slash leads to the same without it.
    const others = [...this.#others().keys()].filter((path) => !this.#endpoints.has(path) && !path.endsWith('/'));
    const links = [...this.#endpoints.values(), ...others.map((path) => ({ path, title: path.slice(1) }))];
    return { status: 200, headers: HTML, body: indexPage(this.#base, NATS_VERSION, links) };
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
    if ('text' in answer) return { status: answer.status, headers: answer.headers ?? PLAIN, body: answer.text };
    const { json, status = 200, isCompact = false, indent } = answer;
    const body = isCompact ? compactJson(json) : jsonPieces(json, this.#monitor.pace(), indent);
    return { status, headers: JSON_FOR_ALL, body };
  }

  #count(path: string): void {
    const { requests } = this.#monitor;
    requests.set(path, (requests.get(path) ?? 0) + 1);
  }
}

function printOther(answer: unknown): Reply {
  if (!isEndpointText(answer)) return { status: 200, headers: JSON_FOR_ALL, body: compactJson(answer) };
  const { status = 200, contentType, headers, text } = answer;
  return { status, headers: { ...headers, 'Content-Type': contentType }, body: text };
}

function withSearch(path: string, search: string): string {
  return search === '' ? path : `${path}?${search}`;
}

function movedTo(location: string): Reply {
  const shown = location.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  const body = `<a href="${shown}">Moved Permanently</a>.\n\n`;
  return { status: 301, headers: { ...HTML, Location: location }, body };
}
