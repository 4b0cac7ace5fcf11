/** What tells one source from another: its stream, where that is, and what is taken of it. */
import type { NameHash } from './short-hash.ts';
import type { StreamSource } from './stream-config.ts';

const BETWEEN = '\f';

/** `<name> <filters> <destinations>`, with hashes behind the name for what is not of this account. */
export function sourceIdentity(source: StreamSource, hash: NameHash): string {
  const transforms = source.subjectTransforms;
  const filters = transforms.length > 0 ? transforms.map(({ src }) => src) : [source.filterSubject];
  const destinations = transforms.length > 0 ? transforms.map(({ dest }) => dest) : [''];
  return `${sourceName(source, hash)} ${joined(filters)} ${joined(destinations)}`;
}

export function sourceName({ name, external, consumer }: StreamSource, hash: NameHash): string {
  const prefix = external === null ? '' : `:${hash(external.api)}`;
  return `${name}${prefix}${consumer === null ? '' : `:C=${hash(consumer.name)}`}`;
}

function joined(subjects: readonly string[]): string {
  return subjects.map((subject) => (subject === '' ? '>' : subject)).join(BETWEEN);
}
