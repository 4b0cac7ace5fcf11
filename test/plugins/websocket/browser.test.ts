/** A page in headless Chromium, where there is one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../runner/package-root.ts';
import { skip } from '../../runner/skip.ts';
import { withWebSocket } from './raw-websocket.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

const browser = browserProgram();
if (browser === null) skip('no Chromium on PATH, and GNATLET_CHROMIUM names none');
else
  test('the official client in a page talks to the broker, with cookies and in compressed parts', () => visit(browser));

function browserProgram(): string | null {
  const named = process.env.GNATLET_CHROMIUM;
  const paths = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...(named === undefined ? [] : [named]), ...paths].find((path) => existsSync(path)) ?? null;
}

async function visit(program: string): Promise<void> {
  const site = new Site(await bundledPage());
  const port = await site.open();
  const profile = mkdtempSync(join(tmpdir(), 'gnatlet-chromium-'));
  const block = `compression: true, allowed_origins: ["http://127.0.0.1:${port}"], user_cookie: user, pass_cookie: pass`;
  let child: ChildProcess | null = null;
  try {
    await withWebSocket(
      block,
      async ({ wsPort, log }) => {
        const page = `http://127.0.0.1:${port}/?broker=${encodeURIComponent(`ws://127.0.0.1:${wsPort}`)}`;
        child = start(program, profile, page);
        const report = await site.report;
        assert.equal(report, {
          isSame: true,
          count: 5000,
          goodbye: { code: 1002, reason: 'Protocol Violation', wasClean: true },
        });
        assert.ok(log.some((line) => /wid:\d+ - "v[\d.]+:nats\.ws:page" - "\$G\/user:page"/.test(line)));
      },
      { top: 'authorization { users: [{user: page, password: secret}] }' },
    );
  } finally {
    site.close();
    await stop(child);
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

function start(program: string, profile: string, page: string): ChildProcess {
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
  return spawn(program, [...flags, `--user-data-dir=${profile}`, page], { stdio: 'ignore', detached: true });
}

async function stop(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null) return;
  const exit = once(child, 'exit');
  // With all that it started: those write into the profile until they are gone.
  process.kill(-child.pid!, 'SIGKILL');
  await exit;
}

async function bundledPage(): Promise<string> {
  const entry = join(packageRoot(), 'dist', 'test', 'plugins', 'websocket', 'browser-page.js');
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    write: false,
    platform: 'browser',
  });
  return outputFiles[0]!.text;
}

/** Serves the page, sets its cookies, and waits for what it reports. */
class Site {
  readonly report: Promise<unknown>;
  readonly #server: Server;

  constructor(script: string) {
    let tell: (report: unknown) => void = () => {};
    this.report = new Promise((resolve) => {
      tell = resolve;
    });
    this.#server = createServer((request, response) => {
      if (request.method === 'POST') void bodyOf(request).then((body) => tell(JSON.parse(body)));
      const type = request.url === '/page.js' ? 'text/javascript' : 'text/html';
      response.writeHead(200, { 'Content-Type': type, 'Set-Cookie': ['user=page', 'pass=secret; HttpOnly'] });
      response.end(type === 'text/html' ? '<script type="module" src="/page.js"></script>' : script);
    });
  }

  async open(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as { port: number }).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const piece of request) body += String(piece);
  return body;
}

test.run();
