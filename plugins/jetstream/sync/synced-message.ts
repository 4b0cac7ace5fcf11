/** Messages on their way from one stream into another. */
import type { Buffer } from 'node:buffer';
import { type SubjectTransform, textFromSubject } from '../../../kernel/plugin-api.ts';
import { withFields, withoutFields } from '../../../protocols/jetstream/message-header.ts';
import { sourceIdentity, sourceName } from '../../../protocols/jetstream/source-identity.ts';
import type { StreamSource } from '../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { compileSubjects } from '../stream/republisher.ts';
import { subjectOf, withContent, withSubject } from '../stream/subject-change.ts';
import type { Surroundings } from '../surroundings.ts';
import { hashOf } from '../wire/identifiers.ts';

export const SOURCE_HEADER = 'Nats-Stream-Source';

/** Says nothing any more once it is in another stream. */
function isOfOrigin(name: string): boolean {
  return name.startsWith('Nats-Expected-') || name.startsWith('Nats-Batch-');
}

export class SubjectMoves {
  private readonly moves: readonly SubjectTransform[];

  constructor(of: Surroundings, source: StreamSource) {
    this.moves = source.subjectTransforms.flatMap(({ src, dest }) => {
      const transform = dest === '' ? null : compileSubjects(of, src, dest);
      return transform === null ? [] : [transform];
    });
  }

  /** The first that is about the subject counts. */
  apply(message: MessageBytes): MessageBytes {
    if (this.moves.length === 0) return message;
    const subject = subjectOf(message);
    for (const move of this.moves) {
      const moved = move.transform(subject);
      if (moved !== null) return withSubject(message, moved);
    }
    return message;
  }
}

export function asMirrored(message: MessageBytes): MessageBytes {
  if (message.bodyStart === message.headerStart) return message;
  const { bytes, headerStart, bodyStart, bodyEnd } = message;
  const header = withoutFields(bytes.subarray(headerStart, bodyStart), isOfOrigin);
  return withContent(message, header, bytes.subarray(bodyStart, bodyEnd));
}

/** With where it comes from. */
export function asSourced(
  message: MessageBytes,
  source: StreamSource,
  sequence: number,
  originId: string,
): MessageBytes {
  const { bytes, headerStart, bodyStart, bodyEnd } = message;
  const kept = withoutFields(
    bytes.subarray(headerStart, bodyStart),
    (name) => isOfOrigin(name) || name === SOURCE_HEADER,
  );
  const place = sourceIdentity(source, hashOf).slice(sourceName(source, hashOf).length);
  const value = `${sourceName(source, hashOf)} ${sequence}${place} ${textFromSubject(subjectOf(message))}${originId === '' ? '' : ` ${originId}`}`;
  return withContent(message, withFields(kept, [[SOURCE_HEADER, value]]), bytes.subarray(bodyStart, bodyEnd) as Buffer);
}

/** The source a stored message came from, and its sequence there; null for others. */
export function originOf(value: string | null): { readonly identity: string; readonly sequence: number } | null {
  if (value === null) return null;
  const [name = '', sequence = '', filters = '>', destinations = '>'] = value.split(' ');
  return /^\d{1,15}$/.test(sequence)
    ? { identity: `${name} ${filters} ${destinations}`, sequence: Number(sequence) }
    : null;
}
