/** Whom a stream answers who reads without the API: those who ask it, and, with a mirror, those who ask its origin. */
import { DirectGet } from './direct-get.ts';
import type { Stream } from './stream.ts';

export class DirectAnswers {
  private readonly stream: Stream;
  private own: DirectGet | null = null;
  private forOrigin: DirectGet | null = null;
  private isClosed = false;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  /** As the configuration says now. */
  configure(): void {
    const { stream, own } = this;
    if (!this.answersForOrigin) this.leaveOrigin();
    const isWanted = stream.config.allowDirect;
    if (isWanted === (own !== null)) return;
    own?.close();
    this.own = isWanted ? new DirectGet(stream, stream.name) : null;
  }

  /** A mirror that has nearly everything answers for its origin, as one of a group. */
  answerForOrigin(): void {
    const { mirror } = this.stream.config;
    if (mirror !== null && this.answersForOrigin) this.forOrigin ??= new DirectGet(this.stream, mirror.name);
  }

  close(): void {
    this.isClosed = true;
    this.leaveOrigin();
    this.own?.close();
    this.own = null;
  }

  private get answersForOrigin(): boolean {
    const { mirror, mirrorDirect } = this.stream.config;
    return mirror !== null && mirrorDirect && !this.isClosed;
  }

  private leaveOrigin(): void {
    this.forOrigin?.close();
    this.forOrigin = null;
  }
}
