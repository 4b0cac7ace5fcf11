/** What the generator is asked to do, and what it answers: both travel as JSON between two processes. */

export interface Target {
  host: string;
  port: number;
  /** The server's process, whose processor time and memory are read from the operating system. */
  pid: number;
  /** The port speaks WebSocket. */
  isWebSocket?: boolean;
}

export interface Phases {
  warmupSeconds: number;
  seconds: number;
  /** Without any progress for this long, the run is given up. */
  stallSeconds: number;
}

/** One publisher; each subscriber gets every message, or a queue group shares them, or nobody listens. */
export interface StreamLoad {
  kind: 'stream';
  payloadBytes: number;
  subscribers: number;
  isQueueGroup: boolean;
  /** More than one: the publisher goes round them, and subscribers use a wildcard. */
  subjects: number;
  /** How far the publisher may be ahead of the slowest subscriber, counted in bytes delivered to it. */
  windowBytes: number;
  /** Set: subjects end in this token instead of the usual one. */
  lastToken?: string;
}

/** One responder; each client has one request outstanding. */
export interface RequestLoad {
  kind: 'request';
  payloadBytes: number;
  clients: number;
}

/** One publisher to a stream, with a window of messages that are not acknowledged yet. */
export interface StoreLoad {
  kind: 'store';
  payloadBytes: number;
  subjects: number;
  /** 1: the next message goes out when the last one was acknowledged, and that time is measured. */
  window: number;
  storage: 'memory' | 'file';
}

export type Load = StreamLoad | RequestLoad | StoreLoad;

export interface Order {
  target: Target;
  phases: Phases;
  load: Load;
}

export interface Latency {
  p50Micros: number;
  p99Micros: number;
  p999Micros: number;
}

export interface LoadResult {
  /** Messages published, or requests sent. */
  published: number;
  /** Messages delivered, or replies received. */
  delivered: number;
  seconds: number;
  perSecond: number;
  /** Of the server process; null where the operating system has no /proc. */
  cpuSeconds: number | null;
  /** Per message in and out; per request for a request load. */
  cpuMicrosPerMessage: number | null;
  residentBytes: number | null;
  /** Of the generator itself, to tell who was the bottleneck. */
  generatorCpuSeconds: number;
  latency: Latency | null;
}
