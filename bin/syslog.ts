/**
 * The system log, local or remote.
 *
 * Node cannot write to the datagram socket most systems have under /dev/log. Where that is what there is, the system's
 * own `logger` program passes the lines on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type NetConnectOpts } from 'node:net';
import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import type { LogDestination, LogRecord } from '../kernel/log/log-record.ts';
import { SYSLOG_DAEMON, SYSLOG_KERNEL, syslogLine, syslogPriority } from '../kernel/log/syslog-format.ts';
import { PROGRAM_NAME } from './command-failure.ts';

const LOCAL_SOCKETS = ['/dev/log', '/var/run/syslog', '/var/run/log'];
/** Lines that wait for a log server that is away; those beyond are lost. */
const WAITING_BYTES_MAX = 1 << 20;
const CLOSE_MS = 500;

/** Empty: the local one. */
export async function openSyslog(url: string): Promise<LogDestination> {
  if (url === '') return openLocal();
  const parts = /^(\w+):\/\/(.*)$/.exec(url);
  const [, scheme = url, rest = ''] = parts ?? [];
  if (scheme === 'udp') return overUdp(addressOf(rest));
  if (scheme === 'tcp') return overStream(await connected(addressOf(rest)), SYSLOG_KERNEL, hostname());
  if (scheme === 'unix') return overStream(await connected({ path: rest }), SYSLOG_KERNEL, hostname());
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
  socket.unref();
  return socket;
}

async function openLocal(): Promise<LogDestination> {
  for (const path of LOCAL_SOCKETS) {
    try {
      return overStream(await connected({ path }), SYSLOG_DAEMON, '');
    } catch (error) {
      const code = ((error as Error).cause as NodeJS.ErrnoException).code;
      if (code === 'EPROTOTYPE') return overLogger();
    }
  }
  throw new Error('error connecting to syslog: "Unix syslog delivery error"');
}

function overStream(stream: Writable, facility: number, host: string): LogDestination {
  const sender = { facility, hostname: host, tag: PROGRAM_NAME, pid: process.pid };
  return toStream(stream, (record) => syslogLine(sender, record));
}

function toStream(stream: Writable, format: (record: LogRecord) => string): LogDestination {
  let isBroken = false;
  stream.on('error', () => {
    isBroken = true;
  });
  return {
    write: (record) => {
      if (!isBroken && stream.writableLength < WAITING_BYTES_MAX) stream.write(format(record));
    },
    reopen: () => false,
    close: () => (isBroken ? undefined : withinPatience(new Promise((resolve) => stream.end(resolve)))),
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
