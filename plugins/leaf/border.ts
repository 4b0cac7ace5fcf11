/**
 * What may cross one connection: messages and interest, each way.
 *
 * The hub says what its user may do: `publish` is what it takes from the leaf, `subscribe` what the leaf gets. To the
 * leaf it tells the same from the leaf's side, as `export` and `import`.
 */
import {
  collide,
  hasWildcard,
  isSubset,
  type Message,
  type PermissionRules,
  PermissionSet,
  SubjectMemo,
  type SubjectRules,
  type Subscription,
  UNRESTRICTED,
} from '../../kernel/plugin-api.ts';
import type { Barred } from './domain.ts';
import { LOOP_PREFIX } from './loop.ts';

/** What is asked for these is always told and heard. */
const OPEN_INTEREST = [LOOP_PREFIX, '_GR_.', '$GR.'];
/** Sessions of MQTT clients pass allow lists. */
const OPEN_MESSAGES = '$MQTT.>';
const ANSWERS = ['_R_.', '$JS.ACK.'];

export class Border {
  /** Null: everything, each way. */
  private readonly outgoing: Gate | null;
  private readonly incoming: Gate | null;
  private readonly told: InterestRules;
  private readonly heard: InterestRules;
  /** What is denied to some queue groups of the other side. */
  private readonly groups: PermissionSet | null;

  constructor({ sends, takes, tells, hears }: Crossing) {
    this.outgoing = publishing(sends);
    this.incoming = publishing(takes);
    this.told = interestRules(tells);
    this.heard = interestRules(hears);
    this.groups = denying(hears.deny.filter(isForOneGroup));
  }

  /** Whether the message may go out. */
  lets(bytes: Buffer, start: number, end: number): boolean {
    return this.outgoing === null || this.outgoing.lets(bytes, start, end);
  }

  /** Whether the message may come in. */
  takes(bytes: Buffer, start: number, end: number): boolean {
    return this.incoming === null || this.incoming.lets(bytes, start, end);
  }

  /** Whether the other side is told of the interest. */
  tells(subject: string, queue: string): boolean {
    if (isOpen(subject)) return true;
    const { allow, denied } = this.told;
    if (denied?.maySubscribe(subject, queue) === false) return false;
    if (allow === null) return true;
    const isAllowed = hasWildcard(subject) ? collide : isSubset;
    return allow.some((entry) => isAllowed(subject, subjectOf(entry)));
  }

  /** Whether the other side may want this. Patterns always may: what they must not get is kept back one by one. */
  hears(subject: string): boolean {
    if (hasWildcard(subject) || isOpen(subject)) return true;
    const { allow, denied } = this.heard;
    if (denied?.maySubscribe(subject, '') === false) return false;
    return allow === null || allow.some((entry) => isSubset(subject, subjectOf(entry)));
  }

  /** The members whose groups get the message. Others may want it, and hear nothing. */
  served(message: Message, members: readonly Subscription[]): readonly Subscription[] {
    const { groups } = this;
    return groups === null ? members : members.filter(({ queue }) => groups.maySubscribe(message.subject, queue));
  }
}

/** For messages one way. */
class Gate {
  private readonly rules: PermissionSet;
  private readonly last = new SubjectMemo();
  private wasLet = false;

  constructor(rules: PermissionSet) {
    this.rules = rules;
  }

  lets(bytes: Buffer, start: number, end: number): boolean {
    if (this.last.isSame(bytes, start, end)) return this.wasLet;
    this.wasLet = this.rules.mayPublish(bytes, start, end) || isAnswer(bytes, start, end);
    this.last.remember(bytes, start, end);
    return this.wasLet;
  }
}

export interface Crossing {
  readonly sends: SubjectRules;
  readonly takes: SubjectRules;
  readonly tells: SubjectRules;
  readonly hears: SubjectRules;
}

const NOTHING_BARRED: Crossing = { sends: UNRESTRICTED, takes: UNRESTRICTED, tells: UNRESTRICTED, hears: UNRESTRICTED };
export const OPEN_BORDER = new Border(NOTHING_BARRED);

/** Seen from the hub. Null: the leaf's user may do everything. `kept`: what the leaf does not want. */
export function borderToLeaf(
  rules: PermissionRules | null,
  kept: readonly string[],
  { both, outgoing }: Barred,
): Border {
  const { publish, subscribe } = rules ?? { publish: UNRESTRICTED, subscribe: UNRESTRICTED };
  const sends = without(without(subscribe, kept), both);
  return new Border({ sends: without(sends, outgoing), takes: publish, tells: publish, hears: sends });
}

/** Seen from the leaf. */
export function borderToHub(
  said: { readonly wants: SubjectRules; readonly gives: SubjectRules },
  own: { readonly denyImports: readonly string[]; readonly denyExports: readonly string[] },
  { both, outgoing }: Barred,
): Border {
  const sends = without(without(without(said.gives, own.denyExports), both), outgoing);
  const tells = without(without(said.wants, own.denyImports), both);
  return new Border({ sends, takes: UNRESTRICTED, tells, hears: UNRESTRICTED });
}

function without(rules: SubjectRules, denied: readonly string[]): SubjectRules {
  return denied.length === 0 ? rules : { allow: rules.allow, deny: [...rules.deny, ...denied] };
}

/** What asks about messages on their way is made for what clients publish. */
function publishing({ allow, deny }: SubjectRules): Gate | null {
  if (allow === null && deny.length === 0) return null;
  // Denials for single queue groups do not hold for messages as such.
  const plain = deny.filter((entry) => !isForOneGroup(entry));
  const wide = allow === null ? null : [...allow.map(subjectOf), OPEN_MESSAGES];
  return new Gate(
    new PermissionSet({ publish: { allow: wide, deny: plain }, subscribe: UNRESTRICTED, responses: null }),
  );
}

/** Rules for what the other side is told of: patterns are allowed otherwise than clients are, and denied as they are. */
interface InterestRules {
  readonly allow: readonly string[] | null;
  /** Null: nothing is. */
  readonly denied: PermissionSet | null;
}

function interestRules({ allow, deny }: SubjectRules): InterestRules {
  return { allow, denied: denying(deny) };
}

function denying(deny: readonly string[]): PermissionSet | null {
  const subscribe = { allow: null, deny };
  return deny.length === 0 ? null : new PermissionSet({ publish: UNRESTRICTED, subscribe, responses: null });
}

function isForOneGroup(entry: string): boolean {
  return entry.includes(' ');
}

function subjectOf(entry: string): string {
  const blank = entry.indexOf(' ');
  return blank < 0 ? entry : entry.slice(0, blank);
}

function isOpen(subject: string): boolean {
  return OPEN_INTEREST.some((prefix) => subject.startsWith(prefix));
}

function isAnswer(bytes: Buffer, start: number, end: number): boolean {
  return ANSWERS.some((prefix) => end - start >= prefix.length && beginsWith(bytes, start, prefix));
}

function beginsWith(bytes: Buffer, start: number, prefix: string): boolean {
  for (let at = 0; at < prefix.length; at++) if (bytes[start + at] !== prefix.charCodeAt(at)) return false;
  return true;
}
