/**
 * One mapping of an account: subjects that a source covers go to destinations, by chance according to their weights.
 *
 * Subjects are in the kernel's form, one character per byte.
 */

import { quotedText } from '../../protocols/client/quoted.ts';
import type { Random } from '../ports/ports.ts';
import { isLiteral, isValidSubject, textFromSubject } from '../routing/subject.ts';
import { compileTransform } from '../routing/transform/compile.ts';
import { SubjectTransform } from '../routing/transform/subject-transform.ts';

export interface MappingDestination {
  readonly subject: string;
  /** Of 100. */
  readonly weight: number;
  /** In this cluster the destination replaces those that name none. */
  readonly cluster?: string;
}

export interface MappingRule {
  readonly source: string;
  readonly destinations: readonly MappingDestination[];
}

export interface MappingOptions {
  random: Pick<Random, 'below'>;
  /** Empty or absent outside a cluster. */
  clusterName?: string;
}

/** What becomes of a share of the messages. Without a transform they keep their subject. */
interface Share {
  readonly weight: number;
  readonly transform: SubjectTransform | null;
}

const WHOLE = 100;
/** Checking a rule draws nothing. */
const NO_DRAW = { below: () => 0 };

/** What a NATS server says about the rule, or null when it is sound. */
export function checkMappingRule(rule: MappingRule): string | null {
  if (!isValidSubject(rule.source)) return 'invalid subject';
  const seen = new Set<string>();
  const totals = new Map<string, number>();
  for (const { subject, weight, cluster = '' } of rule.destinations) {
    if (seen.has(subject)) return `duplicate entry for ${quotedText(textFromSubject(subject))}`;
    seen.add(subject);
    if (weight > WHOLE) return 'individual weights need to be <= 100';
    const total = (totals.get(cluster) ?? 0) + weight;
    if (total > WHOLE) return 'total weight needs to be <= 100';
    totals.set(cluster, total);
    const transform = compileTransform(rule.source, subject, { random: NO_DRAW });
    if (!(transform instanceof SubjectTransform)) return textFromSubject(transform.text);
  }
  return null;
}

export class CompiledMapping {
  readonly source: string;
  /** Its place in the order of definition: where several cover a subject, the first one counts. */
  readonly order: number;
  /** The same subject always has the same fate: the caller may remember it. */
  readonly isDeterministic: boolean;
  private readonly shares: readonly Share[];
  private readonly random: Pick<Random, 'below'>;
  /** Servers show the tokens of a subject to the rules behind the first only, unless that is a pattern. */
  private readonly isBlind: boolean;

  /** The rule must be sound. */
  constructor(rule: MappingRule, order: number, options: MappingOptions) {
    this.source = rule.source;
    this.order = order;
    this.random = options.random;
    this.shares = planShares(rule, options);
    this.isBlind = order === 0 && isLiteral(rule.source);
    this.isDeterministic = isCertain(this.shares);
  }

  /** For a subject that the source covers: where it goes, itself if it stays, null when the message is dropped. */
  apply(subject: string): string | null {
    const share = this.draw();
    if (share === null) return null;
    if (share.transform === null) return subject;
    return share.transform.rewrite(this.isBlind ? '' : subject);
  }

  private draw(): Share | null {
    const { shares } = this;
    if (shares.length === 1 && shares[0]!.weight === WHOLE) return shares[0]!;
    if (shares.length === 0) return null;
    const drawn = this.random.below(WHOLE);
    for (let at = 0, sum = 0; at < shares.length; at++) {
      sum += shares[at]!.weight;
      if (drawn < sum) return shares[at]!;
    }
    return null;
  }
}

/** In ascending order of weight, which is the order in which chance is dealt out; shares of nothing are left out. */
function planShares(rule: MappingRule, options: MappingOptions): readonly Share[] {
  const shares = destinationsHere(rule, options.clusterName ?? '')
    .filter(({ weight }) => weight > 0)
    .map(({ subject, weight }) => ({ weight, transform: transformTo(rule.source, subject, options) }));
  const rest = WHOLE - shares.reduce((sum, { weight }) => sum + weight, 0);
  // A source among its own destinations, be it for another cluster, has been given its share: the rest is lost.
  const isListed = rule.destinations.some(({ subject }) => subject === rule.source);
  if (rest > 0 && !isListed) shares.push({ weight: rest, transform: null });
  return shares.sort((one, other) => one.weight - other.weight);
}

function destinationsHere(rule: MappingRule, clusterName: string): readonly MappingDestination[] {
  const own = rule.destinations.filter(({ cluster = '' }) => cluster !== '' && cluster === clusterName);
  return own.length > 0 ? own : rule.destinations.filter(({ cluster = '' }) => cluster === '');
}

/** To nowhere means unchanged. */
function transformTo(source: string, destination: string, options: MappingOptions): SubjectTransform | null {
  if (destination === '') return null;
  const transform = compileTransform(source, destination, options);
  if (transform instanceof SubjectTransform) return transform;
  throw new Error(`mapping from ${source} to ${destination} was not checked: ${transform.text}`);
}

function isCertain(shares: readonly Share[]): boolean {
  if (shares.length === 0) return true;
  const [first] = shares;
  return first!.weight === WHOLE && (first!.transform === null || first!.transform.isDeterministic);
}
