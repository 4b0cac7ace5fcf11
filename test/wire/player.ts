/** Plays one case of a script against a running server. */
import { fromSeed } from 'nkeys.js';
import { toBytes } from './escapes.ts';
import { readPattern } from './pattern.ts';
import type { Step, WireCase } from './script.ts';
import type { RunningServer } from './targets.ts';
import { WireConnection } from './wire-connection.ts';

export interface PlayOptions {
  /** Sends everything in pieces of so many bytes, unless the case says otherwise; 0 for whole lines. */
  pieceBytes: number;
}

/** Cases that send more than this are not cut into tiny pieces. */
const CUT_BYTES_MAX = 5000;

export async function playCase(wireCase: WireCase, server: RunningServer, options: PlayOptions): Promise<void> {
  const player = new Player(wireCase, server, options);
  try {
    for (const step of wireCase.steps) await player.step(step);
    await player.finish();
  } finally {
    player.destroy();
  }
}

class Player {
  private readonly wireCase: WireCase;
  private readonly server: RunningServer;
  private readonly pieceBytes: number;
  private readonly open = new Map<string, WireConnection>();
  private readonly all: WireConnection[] = [];
  /** What the server chose: reply subjects of its own, for one. */
  private readonly kept = new Map<string, string>();

  constructor(wireCase: WireCase, server: RunningServer, options: PlayOptions) {
    this.wireCase = wireCase;
    this.server = server;
    this.pieceBytes = wireCase.pieceBytes > 0 ? wireCase.pieceBytes : options.pieceBytes;
  }

  async step(step: Step): Promise<void> {
    try {
      await this.take(step);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`line ${step.line}: ${showStep(step)}: ${reason}`);
    }
  }

  /** Nothing may be left on any connection once the server has seen that we are done. */
  async finish(): Promise<void> {
    for (const [name, connection] of this.open) {
      try {
        if (connection.awaitsInfo) await this.passInfo(connection);
        await connection.finish();
        connection.expectNothing();
      } catch (error) {
        throw new Error(`after the last step, on ${name}: ${(error as Error).message}`);
      }
    }
  }

  destroy(): void {
    for (const connection of this.all) connection.destroy();
  }

  private async take(step: Step): Promise<void> {
    if (step.kind === 'signal') return this.server.signal(step.signal);
    if (step.kind === 'pause') return pass(step.milliseconds);
    if (step.kind === 'reload') return this.server.reload(step.config);
    const connection = await this.connection(step.connection);
    switch (step.kind) {
      case 'send':
        return this.send(connection, step.text, step.times);
      case 'expect':
        return this.expect(connection, step.text, step.times);
      case 'eof':
        return this.expectEnd(connection, step.connection);
      case 'close':
        this.open.delete(step.connection);
        return connection.finish();
      case 'tls':
        return connection.startTls();
      case 'sync':
        await this.send(connection, 'PING\\r\\n', 1);
        return this.expect(connection, 'PONG\\r\\n', 1);
      case 'silent':
        connection.awaitsInfo = false;
        return;
      case 'open':
    }
  }

  private async connection(name: string): Promise<WireConnection> {
    const known = this.open.get(name);
    if (known !== undefined) return known;
    const connection = new WireConnection(await this.server.connect(), this.wireCase.timeoutMs);
    this.open.set(name, connection);
    this.all.push(connection);
    return connection;
  }

  private async send(connection: WireConnection, text: string, times: number): Promise<void> {
    if (/\$\{sign(64)? /.test(text)) await this.passInfo(connection);
    const once = fillIn(this.withKept(text), connection.nonce);
    const bytes = Buffer.concat(Array.from({ length: times }, () => once));
    await connection.send(bytes, bytes.length > CUT_BYTES_MAX ? 0 : this.pieceBytes);
  }

  private async expect(connection: WireConnection, text: string, times: number): Promise<void> {
    if (!/^(INFO |\$\{info)/.test(text)) await this.passInfo(connection);
    connection.awaitsInfo = false;
    const parts = readPattern(this.withKept(text));
    for (let count = 0; count < times; count++) await connection.expect(parts, this.kept);
  }

  /** Puts in what `${any NAME}` stood for. */
  private withKept(text: string): string {
    return text.replace(/\$\{got (\w+)\}/g, (_whole, name: string) => {
      const kept = this.kept.get(name);
      if (kept === undefined) throw new Error(`nothing was kept as ${name}`);
      return kept;
    });
  }

  private async expectEnd(connection: WireConnection, name: string): Promise<void> {
    await this.passInfo(connection);
    await connection.expectEnd();
    this.open.delete(name);
  }

  private async passInfo(connection: WireConnection): Promise<void> {
    if (!connection.awaitsInfo) return;
    connection.awaitsInfo = false;
    await connection.expect([{ kind: 'info', facts: '' }]);
  }
}

const PLACEHOLDER = /\$\{(?:(sign|sign64) (\w+)|([^}]*)\*(\d+))\}/;

/** `${sign SEED}` is the signature of the nonce (`${sign64 SEED}` in padded base64), `${x*3}` is xxx. */
function fillIn(text: string, nonce: string): Buffer {
  const match = PLACEHOLDER.exec(text);
  if (match === null) return toBytes(text);
  const [whole, form, seed, repeated, times] = match;
  const middle = form === undefined ? toBytes(repeated.repeat(Number(times))) : signature(form, seed, nonce);
  const rest = fillIn(text.slice(match.index + whole.length), nonce);
  return Buffer.concat([toBytes(text.slice(0, match.index)), middle, rest]);
}

function signature(form: string, seed: string, nonce: string): Buffer {
  const signed = Buffer.from(fromSeed(Buffer.from(seed)).sign(Buffer.from(nonce)));
  return Buffer.from(signed.toString(form === 'sign' ? 'base64url' : 'base64'));
}

function pass(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

function showStep(step: Step): string {
  if (step.kind === 'signal' || step.kind === 'reload' || step.kind === 'pause') return `server ${step.kind}`;
  if (step.kind !== 'send' && step.kind !== 'expect') return `${step.connection} ${step.kind}`;
  const text = step.text.length > 200 ? `${step.text.slice(0, 200)}...` : step.text;
  return `${step.connection}${step.kind === 'send' ? '>' : '<'} ${text}`;
}
