/** What reads a backup: in one of two layouts, which its first bytes tell apart. */
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { KeptConsumer } from '../account/kept-definitions.ts';
import type { StagedStream, StagePlace } from './staged-stream.ts';

export interface IntakePlace extends StagePlace {
  readonly config: StreamConfig;
  /** Nanoseconds since 1970, for what does not say when it was made. */
  readonly now: bigint;
}

export interface Intake {
  /** Null before it is known whether it holds a stream. */
  readonly staged: StagedStream | null;
  readonly consumers: readonly KeptConsumer[];
  /** When the stream was made, where it says so. */
  readonly created: bigint | null;
  /** Throws, with what is wrong, where this can not be what was sent away. */
  take(piece: Buffer): Promise<void>;
  /** Everything came. Throws where that can not be. */
  finish(): Promise<void>;
}
