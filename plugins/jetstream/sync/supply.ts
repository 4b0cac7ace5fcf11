/** Where a stream has its messages from, beside those who publish to it. */
import type { Account, Message } from '../../../kernel/plugin-api.ts';
import { sourceIdentity } from '../../../protocols/jetstream/source-identity.ts';
import { type StreamSource, streamSource } from '../../../protocols/jetstream/stream-config.ts';
import type { StreamSourceInfo } from '../../../protocols/jetstream/stream-info.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { MessageLog } from '../stream/message-log.ts';
import type { Moment } from '../stream/moment.ts';
import type { Stream } from '../stream/stream.ts';
import { hashOf } from '../wire/identifiers.ts';
import { SyncLink, type SyncTarget } from './sync-link.ts';
import { asMirrored, asSourced, SubjectMoves } from './synced-message.ts';

const NANOS_PER_MS = 1e6;
const NEVER_HEARD = -1n;

export class Supply {
  private readonly stream: Stream;
  private mirror: SyncLink | null = null;
  /** By what tells one source from another. */
  private readonly sources = new Map<string, SyncLink>();
  /** The last sequence of each source that is here. */
  private readonly positions = new Map<string, number>();

  constructor(stream: Stream) {
    this.stream = stream;
  }

  /** Begins and ends what the configuration asks for. What is unchanged goes on. */
  configure(): void {
    const { mirror, sources } = this.stream.config;
    if (mirror === null || (this.mirror !== null && !isSame(this.mirror.source, mirror))) this.dropMirror();
    if (mirror !== null && this.mirror === null) this.openMirror(mirror);
    const wanted = new Map(sources.map((source) => [sourceIdentity(source, hashOf), source]));
    for (const [identity, link] of this.sources) {
      const source = wanted.get(identity);
      if (source !== undefined && isSame(link.source, source)) wanted.delete(identity);
      else this.dropSource(identity, link);
    }
    for (const [identity, source] of wanted) this.openSource(identity, source);
  }

  private openMirror(source: StreamSource): void {
    const { stream } = this;
    const moves = new SubjectMoves(stream.of, source);
    const target = new Target(stream, {
      // What is here stays: a mirror goes on behind it.
      forget: () => undefined,
      coldFor: () => 0,
      position: () => (stream.log.last === 0 ? 0 : stream.log.last + 1),
      take: (message, sequence, moment) => {
        const kept = asMirrored(message);
        return stream.takeMirrored(moves.apply(kept), sequence, moment);
      },
      nearlyThere: () => stream.direct.answerForOrigin(),
    });
    this.mirror = new SyncLink(stream.of, target, source, 'mirror');
    this.mirror.start();
  }

  private openSource(identity: string, source: StreamSource): void {
    const { stream, positions } = this;
    const moves = new SubjectMoves(stream.of, source);
    const target: Target = new Target(stream, {
      forget: () => void positions.delete(identity),
      coldFor: (message) => stream.coldForSourced(moves.apply(message)),
      position: () => {
        const last = positions.get(identity);
        return last === undefined ? 0 : last + 1;
      },
      take: (message, sequence) => {
        const isStored = stream.takeSourced(moves.apply(asSourced(message, source, sequence, link.identity)));
        if (isStored) positions.set(identity, sequence);
        return isStored;
      },
      nearlyThere: () => undefined,
    });
    const link: SyncLink = new SyncLink(stream.of, target, source, 'source');
    this.sources.set(identity, link);
    link.start();
  }

  /** A message that is here says how far its source had got. */
  recall(identity: string, sequence: number): void {
    this.positions.set(identity, Math.max(sequence, this.positions.get(identity) ?? 0));
  }

  mirrorInfo(): StreamSourceInfo | null {
    return this.mirror === null ? null : infoOf(this.mirror, this.stream);
  }

  sourceInfos(): StreamSourceInfo[] {
    return Array.from(this.sources.values(), (link) => infoOf(link, this.stream));
  }

  private dropMirror(): void {
    this.mirror?.close();
    this.mirror = null;
  }

  private dropSource(identity: string, link: SyncLink): void {
    link.close();
    this.sources.delete(identity);
  }

  close(): void {
    this.dropMirror();
    for (const [identity, link] of this.sources) this.dropSource(identity, link);
  }
}

interface Taking {
  coldFor(message: MessageBytes): number;
  forget(): void;
  position(): number;
  take(message: MessageBytes, sequence: number, moment: Moment): boolean;
  nearlyThere(): void;
}

class Target implements SyncTarget {
  private readonly stream: Stream;
  private readonly taking: Taking;

  constructor(stream: Stream, taking: Taking) {
    this.stream = stream;
    this.taking = taking;
  }

  get name(): string {
    return this.stream.name;
  }

  get account(): Account {
    return this.stream.account;
  }

  get log(): MessageLog {
    return this.stream.log;
  }

  coldFor(message: Message): number {
    return this.taking.coldFor(message);
  }

  position(): number {
    return this.taking.position();
  }

  forget(): void {
    this.taking.forget();
  }

  nearlyThere(): void {
    this.taking.nearlyThere();
  }

  take(message: Message, sequence: number, moment: Moment): boolean {
    return this.taking.take(message, sequence, moment);
  }
}

function isSame(one: StreamSource, other: StreamSource): boolean {
  return streamSource.print(one) === streamSource.print(other);
}

function infoOf(link: SyncLink, { of }: Stream): StreamSourceInfo {
  const { name, external, filterSubject, subjectTransforms } = link.source;
  const { lag, error, heardAt, isSource } = link;
  const sequence = isSource ? link.sequence : 0;
  const active = heardAt === 0 ? NEVER_HEARD : BigInt(Math.round((of.clock.now() - heardAt) * NANOS_PER_MS));
  // A mirror tells of its filter once it has heard of its origin.
  const filter = isSource || heardAt !== 0 ? filterSubject : '';
  return { name, external, lag, sequence, active, error, filterSubject: filter, subjectTransforms };
}
