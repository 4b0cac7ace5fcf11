import type { Load, StoreLoad, StreamLoad } from './generator/load.ts';

export interface Row {
  name: string;
  title: string;
  /** The ratio to the faster peer that the row is expected to reach. */
  target: number;
  load: Load;
  /** All clients come through the WebSocket port. */
  isWebSocket?: boolean;
  /** The server keeps streams; a sync interval is stated where one is given. */
  streams?: { syncInterval: string | null };
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Far enough ahead to keep any server busy, and far below what makes a server cut a subscriber off. */
const WINDOW_BYTES = 16 * MIB;

export const ROWS: readonly Row[] = [
  stream('publish-16', 'publish, no interest, 16 B', { subscribers: 0 }),
  stream('publish-128', 'publish, no interest, 128 B', { subscribers: 0, payloadBytes: 128 }),
  stream('one-16', '1 to 1, 16 B', {}),
  stream('one-128', '1 to 1, 128 B', { payloadBytes: 128 }),
  stream('fan-8', '1 to 8, 16 B', { subscribers: 8 }),
  stream('one-1k', '1 to 1, 1 KiB', { payloadBytes: KIB }),
  stream('one-16k', '1 to 1, 16 KiB', { payloadBytes: 16 * KIB }, 1.2),
  stream('subjects-1k', '1 to 1, 1 000 subjects, wildcard subscriber', { subjects: 1_000 }),
  stream('subjects-100k', '1 to 1, 100 000 subjects, wildcard subscriber', { subjects: 100_000 }),
  stream('queue-4', 'queue group of 4, 16 B', { subscribers: 4, isQueueGroup: true }),
  overWebSocket('web-one-16', '1 to 1, 16 B, over WebSocket', {}),
  overWebSocket('web-one-128', '1 to 1, 128 B, over WebSocket', { payloadBytes: 128 }),
  overWebSocket('web-one-1k', '1 to 1, 1 KiB, over WebSocket', { payloadBytes: KIB }),
  request('request-1', 'request-reply, 1 client', 1),
  request('request-50', 'request-reply, 50 clients', 50),
  store('jetstream-memory', 'publish to a stream in memory', { storage: 'memory' }, 1.5),
  store('jetstream-memory-50k', 'the same over 50 000 subjects', { storage: 'memory', subjects: 50_000 }, 1.5),
  store('jetstream-file', 'publish to a stream on disk, each server with its defaults', {}, 1.2),
  store('jetstream-file-50k', 'the same over 50 000 subjects', { subjects: 50_000 }, 1.2),
  store('jetstream-unsynced', 'publish to a stream on disk, synced every two minutes', {}, 1.5, '2m'),
  store('jetstream-alone', 'publish to a stream on disk one by one, with the defaults', { window: 1 }, 0),
  store('jetstream-alone-unsynced', 'the same, synced every two minutes', { window: 1 }, 1, '2m'),
];

function stream(name: string, title: string, differences: Partial<StreamLoad>, target = 1): Row {
  const usual: StreamLoad = {
    kind: 'stream',
    payloadBytes: 16,
    subscribers: 1,
    isQueueGroup: false,
    subjects: 1,
    windowBytes: WINDOW_BYTES,
  };
  return { name, title, target, load: { ...usual, ...differences } };
}

function store(
  name: string,
  title: string,
  differences: Partial<StoreLoad>,
  target: number,
  syncInterval: string | null = null,
): Row {
  const usual: StoreLoad = { kind: 'store', payloadBytes: 128, subjects: 1, window: 1000, storage: 'file' };
  return { name, title, target, load: { ...usual, ...differences }, streams: { syncInterval } };
}

function overWebSocket(name: string, title: string, differences: Partial<StreamLoad>): Row {
  return { ...stream(name, title, differences), isWebSocket: true };
}

function request(name: string, title: string, clients: number): Row {
  return { name, title, target: 1.2, load: { kind: 'request', payloadBytes: 16, clients } };
}
