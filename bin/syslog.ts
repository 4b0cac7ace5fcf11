/**
 * The system log, local or remote.
 *
 * Node cannot write to the datagram socket most systems have under /dev/log. Where that is what there is, the system's
 * own `logger` program passes the lines on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import type { LogDestination, LogRecord } from '../kernel/log/log-record.ts';
import { SYSLOG_DAEMON, SYSLOG_KERNEL, syslogLine, syslogPriority } from '../kernel/log/syslog-format.ts';
import { PROGRAM_NAME } from './command-failure.ts';

const LOCAL_SOCKETS = ['/dev/log', '/var/run/syslog', '/var/run/log'];
/** Lines that wait for a log server that is away; those beyond are lost. */
const WAITING_BYTES_MAX = 1 << 20;
const CLOSE_MS = 500;
/** A log server that went away is looked for at most this often, when there is something to say. */
const RETRY_MS = 1000;

/** Empty: the local one. */
export async function openSyslog(url: string): Promise<LogDestination> {
  if (url === '') return openLocal();
  const parts = /^(\w+):\/\/(.*)$/.exec(url);
  const [, scheme = url, rest = ''] = parts ?? [];
  if (scheme === 'udp') return overUdp(addressOf(rest));
  if (scheme === 'tcp') return overSocket(addressOf(rest), SYSLOG_KERNEL, hostname());
  if (scheme === 'unix') return overSocket({ path: rest }, SYSLOG_KERNEL, hostname());
  throw new Error(`error invalid network type: ${JSON.stringify(scheme)}`);
}

function addressOf(text: string): { host: string; port: number } {
  const [, ipv6, host, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)\/?$/.exec(text) ?? [];
  if (port === undefined) throw new Error(`error connecting to remote syslog: no port in ${JSON.stringify(text)}`);
  return { host: ipv6 ?? host ?? '', port: Number(port) };
}

async function connected(where: NetConnectOpts): Promise<Writable> {
  const socket = connect(where);
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw new Error(`error connecting to syslog: ${(error as Error).message}`, { cause: error });
  }
  return heeding(socket);
}

/** Only who reads learns that the other side has gone. */
function heeding(socket: Socket): Socket {
  return socket.unref().resume();
}

async function openLocal(): Promise<LogDestination> {
  for (const path of LOCAL_SOCKETS) {
    try {
      return await overSocket({ path }, SYSLOG_DAEMON, '');
    } catch (error) {
      const code = ((error as Error).cause as NodeJS.ErrnoException).code;
      if (code === 'EPROTOTYPE') return overLogger();
    }
  }
  throw new Error('error connecting to syslog: "Unix syslog delivery error"');
}

async function overSocket(where: NetConnectOpts, facility: number, host: string): Promise<LogDestination> {
  const sender = { facility, hostname: host, tag: PROGRAM_NAME, pid: process.pid };
  const first = await connected(where);
  return toStream(
    first,
    (record) => syslogLine(sender, record),
    () => heeding(connect(where)),
  );
}

/** `again`: another stream after the one so far broke. What was on its way then is lost. */
function toStream(first: Writable, format: (record: LogRecord) => string, again?: () => Writable): LogDestination {
  let stream: Writable | null = null;
  let triedAt = Number.NEGATIVE_INFINITY;
  const take = (next: Writable): void => {
    stream = next;
    triedAt = performance.now();
    const forget = (): void => {
      if (stream === next) stream = null;
    };
    next.on('error', forget).on('close', forget);
  };
  take(first);
  return {
    write: (record) => {
      if (stream === null && again !== undefined && performance.now() - triedAt >= RETRY_MS) take(again());
      if (stream !== null && stream.writableLength < WAITING_BYTES_MAX) stream.write(format(record));
    },
    reopen: () => false,
    close: () => {
      const last = stream;
      return last === null ? undefined : withinPatience(new Promise((resolve) => last.end(resolve)));
    },
  };
}

function overUdp({ host, port }: { host: string; port: number }): LogDestination {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').unref();
  const sender = { facility: SYSLOG_KERNEL, hostname: hostname(), tag: PROGRAM_NAME, pid: process.pid };
  // Whether anybody listens cannot be known; a refusal that comes back is no reason to stop.
  socket.on('error', () => {});
  let last: Promise<unknown> = Promise.resolve();
  const send = (line: string) => new Promise<void>((resolve) => socket.send(line, port, host, () => resolve()));
  return {
    write: (record) => {
      last = send(syslogLine(sender, record));
    },
    reopen: () => false,
    close: async () => {
      await withinPatience(last);
      socket.close();
    },
  };
}

/** The end of a process does not hang on a log server that is away. */
async function withinPatience(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, CLOSE_MS);
  });
  await Promise.race([work, patience]);
  clearTimeout(timer);
}

async function overLogger(): Promise<LogDestination> {
  const words = ['--prio-prefix', '--tag', PROGRAM_NAME, `--id=${process.pid}`];
  const child: ChildProcess = spawn('logger', words, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new Error('error connecting to syslog: there is no program "logger" to reach /dev/log by', { cause: error });
  }
  child.unref();
  return toStream(child.stdin!, (record) => `<${syslogPriority(SYSLOG_DAEMON, record.level)}>${record.text}\n`);
}
