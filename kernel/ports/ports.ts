/**
 * The four things a broker takes from the outside world: time, chance, wires and files.
 *
 * Nothing above this folder reads a clock, rolls a die, opens a socket or touches a file except through
 * these interfaces, so a test or a simulation can own all four.
 */
import type { Transport } from './transport.ts';

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch; may jump. For what people read, never for measuring. */
  now(): number;
  /** Milliseconds from an arbitrary start, with fractions; never goes back. */
  monotonic(): number;
  /** Keeps the process alive until it has run or was cancelled. */
  after(milliseconds: number, run: () => void): Timer;
  /** Runs once the current turn's input has been handled. */
  soon(run: () => void): void;
  /** The same, or earlier: as soon as somebody says that the input which is being handled has been, be it ahead of promises. */
  afterInput(run: () => void): void;
  /** Said with nothing on the stack but whoever handled the input. */
  inputEnds(): void;
}

export interface Random {
  /** A whole number from 0 to bound - 1. */
  below(bound: number): number;
  /** A number in [0, 1). */
  fraction(): number;
  /** Unpredictable bytes: nonces, keys, identities. */
  bytes(count: number): Uint8Array;
}

export interface ListenOptions {
  host: string;
  /** 0 or -1 picks a free port. */
  port: number;
  /** Reads land here when the network can place them itself; see `Receiver.onRead`. */
  readBuffer?: Uint8Array;
  /** One connection could not be accepted; the listener goes on. */
  onError?: (error: Error) => void;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops accepting. Accepted transports live on. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  host: string;
  port: number;
  timeoutMs?: number;
  readBuffer?: Uint8Array;
}

export interface Network {
  listen(options: ListenOptions, accept: (transport: Transport) => void): Promise<Listener>;
  connect(options: ConnectOptions): Promise<Transport>;
  /** The addresses of this machine's interfaces, without the loopback ones. */
  interfaceAddresses(): string[];
}

/** How a file is opened: to read, to read and write what exists, or to make what must not exist yet. */
export type FileUse = 'read' | 'update' | 'create';

/** Called once, never before the call that it was handed to has returned. */
export type FileDone = (error: Error | null) => void;

/**
 * A file held open, read and written at positions. What happens all day takes a callback; the rest promises.
 *
 * Nothing that was written is safe from a power cut before a `datasync` that began later has succeeded. After one that failed, what
 * was written before it may be gone although later ones succeed.
 */
export interface OpenFile {
  readonly path: string;
  /** Fills the buffer from the position on. The count is smaller only where the file ends, or the disk fails silently. */
  read(buffer: Uint8Array, position: number, done: (error: Error | null, count: number) => void): void;
  /** All pieces, one after the other, or an error and then nobody knows how much. They stay as they are until then. */
  write(pieces: readonly Uint8Array[], position: number, done: FileDone): void;
  /**
   * Writes like `write`, before it returns, or throws. Everybody waits meanwhile: for little at a time, and for whoever looks how long it
   * took.
   */
  writeNow(pieces: readonly Uint8Array[], position: number): void;
  /** Bytes and length are safe; the name is the directory's business. */
  datasync(done: FileDone): void;
  /**
   * Writes like `write`, and what it wrote is safe when that is done: in one step where the system has one. It says nothing about
   * earlier writes. An error means the same as one of `datasync`.
   */
  writeSafely(pieces: readonly Uint8Array[], position: number, done: FileDone): void;
  truncate(size: number): Promise<void>;
  /** Writes zeros, so that overwriting them later changes nothing but them. */
  preallocate(from: number, to: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Somebody's hold on a directory, which ends with the process at the latest. */
export interface DirectoryLock {
  release(): Promise<void>;
}

export interface DiskRoom {
  readonly freeBytes: number;
  /** What the files of the directory take. */
  readonly takenBytes: number;
}

export interface Disk {
  readFile(path: string): Promise<Uint8Array>;
  readFileSync(path: string): Uint8Array;
  /** Replaces the file as a whole: a reader sees the old bytes or the new ones. */
  writeFile(path: string, bytes: Uint8Array | string): Promise<void>;
  remove(path: string): Promise<void>;
  /** In one step; what stood under the new name is gone. */
  rename(from: string, to: string): Promise<void>;
  /** From now on no crash undoes what was removed and renamed in the directory. */
  syncDirectory(path: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  /** It must be empty; that it is gone already is no error. */
  removeDirectory(path: string): Promise<void>;
  list(path: string): Promise<string[]>;
  open(path: string, use: FileUse): Promise<OpenFile>;
  /** Room where a directory is, or will be. */
  room(directory: string): Promise<DiskRoom>;
  /** Refused with the code EBUSY while somebody else holds it, be it in this process or in another one. */
  lock(directory: string): Promise<DirectoryLock>;
}

export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly disk: Disk;
}
