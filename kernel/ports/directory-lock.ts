/**
 * A directory that only one process uses at a time.
 *
 * Node has no advisory locks, so a socket stands for the lock: it exists as long as a process listens on it, and not a moment longer.
 * It lies in the directory, where processes in other containers meet it too. What a killed process left behind answers nobody and is
 * taken over; so that two do not do that at once, taking over needs a second name, which only Linux has and which needs no clearing.
 */
import { open, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { makeDirectory } from './make-directory.ts';
import type { DirectoryLock } from './ports.ts';

const NAME = 'lock';
/** Longer paths of sockets are cut without a word. */
const SOCKET_PATH_MAX = 100;

/** What has to be let go of, in this order. */
type Holds = readonly (() => Promise<void>)[];

export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await makeDirectory(directory);
  const { dev, ino } = await stat(directory);
  if (process.platform === 'win32') return lockOf(await hold(`\\\\.\\pipe\\gnatlet-${dev}-${ino}`, directory));
  const first = await holdAbstractName(`\0gnatlet-${dev}-${ino}`, directory);
  try {
    return lockOf([...(await holdSocket(directory)), ...first]);
  } catch (error) {
    await lockOf(first).release();
    throw error;
  }
}

/**
 * For those who only read: refused while somebody holds the directory, and others are kept away as far as that leaves no trace in it.
 */
export async function borrowDirectory(directory: string): Promise<DirectoryLock> {
  const { dev, ino } = await stat(directory);
  if (process.platform === 'win32') return lockOf(await hold(`\\\\.\\pipe\\gnatlet-${dev}-${ino}`, directory));
  const holds = await holdAbstractName(`\0gnatlet-${dev}-${ino}`, directory);
  const path = join(directory, NAME);
  const isTaken = Buffer.byteLength(path) <= SOCKET_PATH_MAX && (await isAnswered(path));
  if (!isTaken) return lockOf(holds);
  await lockOf(holds).release();
  throw busy(directory);
}

/** Older versions of Node, and other systems, have no such names. */
async function holdAbstractName(name: string, directory: string): Promise<Holds> {
  if (process.platform !== 'linux') return [];
  try {
    return await hold(name, directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') throw error;
    return [];
  }
}

async function holdSocket(directory: string): Promise<Holds> {
  const path = join(directory, NAME);
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return holdPath(path, directory);
  if (process.platform !== 'linux') throw pathTooLong(path);
  // The directory by the number it is open under is a short name for it, which must last until the socket's file is removed.
  const handle = await open(directory, 'r');
  const release = () => handle.close();
  try {
    return [...(await holdPath(`/proc/self/fd/${handle.fd}/${NAME}`, directory)), release];
  } catch (error) {
    await release();
    throw error;
  }
}

async function holdPath(name: string, directory: string): Promise<Holds> {
  if (await isAnswered(name)) throw busy(directory);
  await rm(name, { force: true });
  return hold(name, directory);
}

function isAnswered(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(name);
    const answer = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

function hold(name: string, directory: string): Promise<Holds> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? busy(directory) : error);
    });
    server.listen(name, () => {
      // The lock alone is no reason to stay.
      server.unref();
      resolve([() => closed(server)]);
    });
  });
}

function lockOf(holds: Holds): DirectoryLock {
  return {
    release: async () => {
      for (const letGo of holds) await letGo();
    },
  };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function busy(directory: string): Error {
  const message = `${directory} is in use by another process; stop that one, or give this one a directory of its own`;
  return Object.assign(new Error(message), { code: 'EBUSY', path: directory });
}

function pathTooLong(path: string): Error {
  const message = `${path} is too long to be locked: a path of more than ${SOCKET_PATH_MAX} bytes names no socket; use a shorter one`;
  return Object.assign(new Error(message), { code: 'ENAMETOOLONG', path });
}
