/** Loads the package whose path is the first argument, starts a broker in this process, and prints how long both took. */
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import type { EmbeddedStart } from './embedded-start.ts';

interface Broker {
  start(): Promise<unknown>;
  ready(): Promise<unknown>;
  close(): Promise<unknown>;
}

interface EmbeddingApi {
  createServer(options: object): Broker | Promise<Broker>;
}

const beforeImport = performance.now();
const api: EmbeddingApi = await import(pathToFileURL(process.argv[2]!).href);
const beforeStart = performance.now();
const broker = await api.createServer({ host: '127.0.0.1', port: -1 });
await broker.start();
await broker.ready();
const result: EmbeddedStart = { importMs: beforeStart - beforeImport, startMs: performance.now() - beforeStart };
await broker.close();
process.stdout.write(`\n${JSON.stringify(result)}\n`);
