/**
 * The consumers of a stream by what they want. Whoever has had everything that is for it waits here, and is found by the first
 * message that it wants; from then on it looks for more itself, and no message is offered to it until it has had everything again.
 */
import type { Buffer } from 'node:buffer';
import { SubjectTree } from '../../../kernel/plugin-api.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { MessageLog } from '../stream/message-log.ts';
import type { Consumer } from './consumer.ts';

const EVERYTHING = '>';
const LISTS_MAX = 65_535;
const NOBODY: readonly Group[] = [];

/** Those that have one filter. */
class Group {
  readonly members = new Set<Consumer>();
  readonly waiting = new Set<Consumer>();
}

export class ConsumerIndex {
  /** How many wait. */
  waitingCount = 0;
  private readonly log: MessageLog;
  private readonly tree = new SubjectTree<Group>();
  /** Which groups want the messages of a subject, by what the log knows it by: a number of `lists`, 0 for not known yet. */
  private known = new Uint16Array(0);
  private lists: (readonly Group[])[] = [NOBODY];
  private readonly listNumbers = new Map<string, number>();
  private readonly groupNumbers = new Map<Group, number>();
  /** Numbers are those of this table, at this epoch. */
  private table: object | null = null;
  private epoch = 0;

  constructor(log: MessageLog) {
    this.log = log;
  }

  add(consumer: Consumer): void {
    for (const filter of filtersOf(consumer)) {
      const node = this.tree.ensure(filter);
      if (node.value === null) {
        this.tree.setValue(node, new Group());
        this.forget();
      }
      node.value!.members.add(consumer);
    }
  }

  remove(consumer: Consumer): void {
    this.engage(consumer);
    for (const filter of filtersOf(consumer)) {
      const node = this.tree.find(filter);
      const group = node?.value;
      if (node == null || group == null) continue;
      group.members.delete(consumer);
      if (group.members.size > 0) continue;
      this.tree.removeValue(node);
      this.forget();
    }
  }

  /** It has had everything. */
  wait(consumer: Consumer): void {
    if (consumer.isWaiting) return;
    consumer.isWaiting = true;
    this.waitingCount++;
    for (const filter of filtersOf(consumer)) this.tree.find(filter)?.value?.waiting.add(consumer);
  }

  /** There may be something for it. */
  engage(consumer: Consumer): void {
    if (!consumer.isWaiting) return;
    consumer.isWaiting = false;
    this.waitingCount--;
    for (const filter of filtersOf(consumer)) this.tree.find(filter)?.value?.waiting.delete(consumer);
  }

  /** Those that wait for a message of a subject wait no more. */
  engageFor(node: number, engaged: (consumer: Consumer) => void): void {
    for (const { waiting } of this.groupsOf(node)) {
      for (const consumer of waiting) {
        this.engage(consumer);
        engaged(consumer);
      }
    }
  }

  /** Whether anybody wants messages of a subject; the visitor says whether this one does after all. */
  some(node: number, visit: (consumer: Consumer) => boolean): boolean {
    for (const { members } of this.groupsOf(node)) for (const consumer of members) if (visit(consumer)) return true;
    return false;
  }

  wants({ subjectBytes, subjectStart, subjectEnd }: MessageBytes): boolean {
    return this.tree.covers(subjectBytes as Buffer, subjectStart, subjectEnd);
  }

  private groupsOf(node: number): readonly Group[] {
    const { subjects } = this.log.records.index;
    if (subjects !== this.table || subjects.epoch !== this.epoch) this.forget();
    const number = node < this.known.length ? this.known[node]! : 0;
    return number === 0 ? this.find(node) : this.lists[number]!;
  }

  private find(node: number): readonly Group[] {
    const bytes = this.log.bytesOf(node);
    const count = this.tree.match(bytes, 0, bytes.length);
    const groups = this.tree.matched.slice(0, count);
    if (this.lists.length > LISTS_MAX) this.forget();
    if (node >= this.known.length) this.grow(node);
    this.known[node] = this.numberOf(groups);
    return groups;
  }

  /** The same groups are one list, however many subjects they are of. */
  private numberOf(groups: readonly Group[]): number {
    const key = groups.map((group) => this.groupNumber(group)).join(' ');
    const known = this.listNumbers.get(key);
    if (known !== undefined) return known;
    this.listNumbers.set(key, this.lists.length);
    this.lists.push(groups);
    return this.lists.length - 1;
  }

  private groupNumber(group: Group): number {
    const known = this.groupNumbers.get(group) ?? this.groupNumbers.size + 1;
    this.groupNumbers.set(group, known);
    return known;
  }

  private grow(node: number): void {
    const nodes = this.log.records.index.subjects.nodes.length;
    const roomier = new Uint16Array(Math.max(node + 1, Math.min(nodes, 2 * this.known.length)));
    roomier.set(this.known);
    this.known = roomier;
  }

  private forget(): void {
    const { subjects } = this.log.records.index;
    this.table = subjects;
    this.epoch = subjects.epoch;
    this.known = new Uint16Array(0);
    this.lists = [NOBODY];
    this.listNumbers.clear();
    this.groupNumbers.clear();
  }
}

function filtersOf({ machine }: Consumer): readonly string[] {
  return machine.filters.filters.length === 0 ? [EVERYTHING] : machine.filters.filters;
}
