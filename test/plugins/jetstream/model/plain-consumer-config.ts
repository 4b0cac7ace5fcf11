/** What a plain consumer is told to be, and what is asked of it. */

export interface PlainConsumerConfig {
  readonly name: string;
  readonly durable_name: string;
  readonly deliver_policy: 'all' | 'last' | 'new' | 'by_start_sequence' | 'by_start_time' | 'last_per_subject';
  readonly opt_start_seq?: number;
  readonly opt_start_time?: string;
  readonly ack_policy: 'explicit' | 'all' | 'none';
  readonly ack_wait: number;
  readonly backoff: readonly number[];
  readonly max_deliver: number;
  readonly max_ack_pending: number;
  readonly max_waiting?: number;
  readonly filter_subjects: readonly string[];
  readonly deliver_subject?: string;
  readonly headers_only: boolean;
  readonly priority_policy?: 'overflow' | 'prioritized' | 'pinned_client';
  readonly priority_groups?: readonly string[];
  readonly priority_timeout?: number;
}

export interface PullWish {
  readonly batch: number;
  /** Milliseconds; 0 for ever. */
  readonly expires: number;
  readonly noWait: boolean;
  readonly maxBytes: number;
  readonly minPending: number;
  readonly minAckPending: number;
  readonly priority: number;
  /** Which of the pins it names, counted from 1; 0 for none. */
  readonly pin: number;
}
