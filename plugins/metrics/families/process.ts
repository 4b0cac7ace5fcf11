/** What the process takes of the machine: the names all clients of Prometheus use, and those of the event loop. */
import { counter, type Family, gauge } from '../exposition/family.ts';
import type { Look } from '../look.ts';

export function* processFamilies({ process, broker }: Look): Iterable<Family> {
  yield counter('process_cpu_seconds', 'Seconds of processor time used.', process.cpuSeconds);
  yield gauge('process_resident_memory_bytes', 'Bytes of memory held.', process.residentBytes);
  yield gauge(
    'process_start_time_seconds',
    'When the server was started, in seconds since 1970.',
    broker.startedAt / 1000,
  );
  yield gauge('gnatlet_heap_used_bytes', 'Bytes of the heap in use.', process.heapUsedBytes);
  yield gauge('gnatlet_heap_total_bytes', 'Bytes the heap has.', process.heapTotalBytes);
  yield gauge('gnatlet_heap_limit_bytes', 'Bytes the heap may have, by --max-old-space-size.', process.heapLimitBytes);
  yield gauge('gnatlet_external_memory_bytes', 'Bytes outside the heap that objects hold.', process.externalBytes);
  yield gauge('gnatlet_array_buffer_bytes', 'Bytes of buffers among them.', process.arrayBufferBytes);
  yield* loop(process);
}

function* loop({ loopActiveSeconds, loopIdleSeconds, loopDelay }: Look['process']): Iterable<Family> {
  yield counter('gnatlet_event_loop_active_seconds', 'Seconds the event loop worked.', loopActiveSeconds);
  yield counter('gnatlet_event_loop_idle_seconds', 'Seconds the event loop waited.', loopIdleSeconds);
  const { quantiles, sum, count } = loopDelay;
  yield {
    name: 'gnatlet_event_loop_delay_seconds',
    type: 'summary',
    help: 'How late the event loop was, over the last ten seconds or more.',
    samples: [
      ...quantiles.map(([quantile, value]) => ({ value, labels: { quantile } })),
      { value: sum, suffix: '_sum' as const },
      { value: count, suffix: '_count' as const },
    ],
  };
}
