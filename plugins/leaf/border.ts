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
  private readonly told: Interest;
  private readonly heard: Interest;
  /** What is denied to some queue groups of the other side. */
  private readonly groups: PermissionSet | null;

  constructor({ sends, takes, tells, hears }: Crossing) {
    this.outgoing = publishing(sends);
    this.incoming = publishing(takes);
    this.told = new Interest(tells);
    this.heard = new Interest(hears);
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
    return this.told.lets(subject, queue);
  }

  /** Whether the other side may want this. Patterns always may: what they must not get is kept back one by one. */
  hears(subject: string): boolean {
    return hasWildcard(subject) || this.heard.lets(subject, '');
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

/** For what one side wants: patterns are allowed otherwise than clients are, and denied as they are. */
class Interest {
  private readonly allow: readonly string[] | null;
  private readonly denied: PermissionSet | null;

  constructor({ allow, deny }: SubjectRules) {
    this.allow = allow;
    this.denied = denying(deny);
  }

  lets(subject: string, queue: string): boolean {
    if (isOpen(subject)) return true;
    if (this.denied?.maySubscribe(subject, queue) === false) return false;
    const isAllowed = hasWildcard(subject) ? collide : isSubset;
    return this.allow === null || this.allow.some((entry) => isAllowed(subject, subjectOf(entry)));
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

/** What the last leaf was made for: of a thousand most are alike. */
let lastSides = '';
let lastBorder = OPEN_BORDER;

/** Seen from the hub. Null: the leaf's user may do everything. `kept`: what the leaf does not want. */
export function borderToLeaf(rules: PermissionRules | null, kept: readonly string[], barred: Barred): Border {
  const { both, outgoing } = barred;
  const { publish, subscribe } = rules ?? { publish: UNRESTRICTED, subscribe: UNRESTRICTED };
  const sides = JSON.stringify([publish, subscribe, kept, barred]);
  if (sides === lastSides) return lastBorder;
  lastSides = sides;
  const hears = without(subscribe, kept, both);
  lastBorder = new Border({ sends: without(hears, outgoing), takes: publish, tells: publish, hears });
  return lastBorder;
}

/** Seen from the leaf. */
export function borderToHub(
  said: { readonly wants: SubjectRules; readonly gives: SubjectRules },
  own: { readonly denyImports: readonly string[]; readonly denyExports: readonly string[] },
  { both, outgoing }: Barred,
): Border {
  const sends = without(said.gives, own.denyExports, both, outgoing);
  const tells = without(said.wants, own.denyImports, both);
  return new Border({ sends, takes: UNRESTRICTED, tells, hears: UNRESTRICTED });
}

function without({ allow, deny }: SubjectRules, ...denied: readonly (readonly string[])[]): SubjectRules {
  return { allow, deny: [...deny, ...denied.flat()] };
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

/** Null where nothing is. */

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
