/** A headless Chromium, driven over the pipe it offers to debuggers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--ignore-certificate-errors',
];

type Reply = Record<string, never> & { error?: { message: string }; result: Record<string, unknown> };
type Event = { method: string; sessionId?: string; params: Record<string, unknown> };

/** Null where there is none. */
export function browserProgram(): string | null {
  const named = process.env.GNATLET_CHROMIUM;
  const paths = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...(named === undefined ? [] : [named]), ...paths].find((path) => existsSync(path)) ?? null;
}

export class Chromium {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #pages = new Map<string, BrowserPage>();
  #last = 0;
  #rest = '';

  constructor(program: string) {
    this.#profile = mkdtempSync(join(tmpdir(), 'gnatlet-chromium-'));
    const flags = [...FLAGS, `--user-data-dir=${this.#profile}`, '--remote-debugging-pipe', 'about:blank'];
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] as const;
    this.#child = spawn(program, flags, { stdio: [...stdio], detached: true });
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.#take(text));
  }

  async open(): Promise<BrowserPage> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new BrowserPage(this, sessionId as string, targetId as string);
    this.#pages.set(sessionId as string, page);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`);
    return page;
  }

  async send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#last;
    const answered = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { error, result } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) {
      const exit = once(this.#child, 'exit');
      // With all that it started: those write into the profile until they are gone.
      process.kill(-this.#child.pid!, 'SIGKILL');
      await exit;
    }
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  #take(text: string): void {
    const messages = (this.#rest + text).split('\0');
    this.#rest = messages.pop()!;
    for (const message of messages) this.#handle(JSON.parse(message) as (Reply & { id: number }) | Event);
  }

  #handle(message: (Reply & { id: number }) | Event): void {
    if ('id' in message) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    } else this.#pages.get(message.sessionId ?? '')?.note(message);
  }
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
}

export class BrowserPage {
  /** What the page complained of: exceptions, errors in the console, and what its policy forbade. */
  readonly complaints: string[] = [];
  readonly requests: string[] = [];
  readonly #browser: Chromium;
  readonly #session: string;
  readonly #target: string;
  #loaded: () => void = () => {};

  constructor(browser: Chromium, session: string, target: string) {
    this.#browser = browser;
    this.#session = session;
    this.#target = target;
  }

  /** A page in the background would go on asking. */
  async close(): Promise<void> {
    await this.#browser.send('Target.closeTarget', { targetId: this.#target });
  }

  send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    return this.#browser.send(method, params, this.#session);
  }

  note({ method, params }: Event): void {
    const text = JSON.stringify(params);
    if (method === 'Network.requestWillBeSent') this.requests.push((params.request as { url: string }).url);
    if (method === 'Runtime.exceptionThrown') this.complaints.push(text);
    if (method === 'Runtime.consoleAPICalled' && params.type === 'error') this.complaints.push(text);
    if (method === 'Log.entryAdded' && (params.entry as { level: string }).level === 'error')
      this.complaints.push(text);
    if (method === 'Page.loadEventFired') this.#loaded();
    if (method === 'Page.javascriptDialogOpening') this.complaints.push(text);
  }

  async visit(url: string, { width, height, scheme }: Look): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 500,
    });
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await this.send('Page.navigate', { url });
    await loaded;
  }

  async evaluate<Value>(expression: string): Promise<Value> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', options);
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: Value }).value;
  }

  /** All text somebody sees. */
  text(): Promise<string> {
    return this.evaluate<string>("document.body?.innerText ?? ''");
  }

  /** Waits until the page shows it. */
  async sees(pattern: RegExp, patienceMs = 20_000): Promise<string> {
    const giveUpAt = Date.now() + patienceMs;
    for (;;) {
      const text = await this.text();
      if (pattern.test(text)) return text;
      if (Date.now() > giveUpAt)
        throw new Error(`${pattern} is not to be seen in:\n${text}\n${this.complaints.join('\n')}`);
      await this.evaluate('new Promise((resolve) => setTimeout(resolve, 50))');
    }
  }

  /** Presses the first of those elements whose text, or label, is this. */
  async press(selector: string, name: string): Promise<void> {
    const isPressed = await this.evaluate<boolean>(
      `(() => { const found = [...document.querySelectorAll(${JSON.stringify(selector)})].find((it) =>
        it.checkVisibility() && [it.textContent, it.getAttribute('aria-label')].includes(${JSON.stringify(name)}));
        found?.click(); return found !== undefined; })()`,
    );
    if (!isPressed) throw new Error(`there is no ${selector} named ${name}`);
  }

  /** A key with the code browsers give it. */
  async key(key: string, code: number): Promise<void> {
    const text = key === 'Enter' ? { text: '\r' } : {};
    for (const type of ['keyDown', 'keyUp']) {
      await this.send('Input.dispatchKeyEvent', { type, key, code: key, windowsVirtualKeyCode: code, ...text });
    }
  }

  async type(label: string, text: string): Promise<void> {
    await this.evaluate(
      `(() => { const input = document.querySelector('input[aria-label=${JSON.stringify(label)}]');
        input.value = ${JSON.stringify(text)}; input.dispatchEvent(new Event('input')); })()`,
    );
  }

  async screenshot(path: string): Promise<void> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
    writeFileSync(path, Buffer.from(data as string, 'base64'));
  }
}
