/** The subjects of a table that match a filter set, each once: only branches are entered in which some may be. */
import type { FilterNode, FilterSet } from './filter-set.ts';
import { ROOT, type SubjectTable } from './subject-table.ts';

/** True goes on. */
export type VisitSubject = (node: number) => boolean;

/** How many nodes may be looked at. Whoever walks takes from it. */
export interface WalkBudget {
  left: number;
}

/** False when the visitor had enough, or the budget is spent. The visitor changes nothing in the table. */
export function visitSubjects(
  table: SubjectTable,
  filters: FilterSet,
  visit: VisitSubject,
  budget: WalkBudget = { left: Number.POSITIVE_INFINITY },
): boolean {
  if (filters.isAll) return visitBelow(table, ROOT, visit, budget);
  if (filters.literal !== null) {
    const node = filters.literalNode(table);
    return node === 0 || table.count(node) === 0 || visit(node);
  }
  return descend(table, ROOT, [filters.root], visit, budget);
}

/** All subjects below a node, without the node's own. */
function visitBelow(table: SubjectTable, top: number, visit: VisitSubject, budget: WalkBudget): boolean {
  for (let node = table.firstChild(top); node !== 0; ) {
    if (--budget.left < 0) return false;
    if (table.count(node) > 0 && !visit(node)) return false;
    let next = table.firstChild(node);
    while (next === 0 && node !== top) {
      next = table.nextSibling(node);
      if (next === 0) node = table.parentOf(node);
    }
    node = next;
  }
  return true;
}

function descend(
  table: SubjectTable,
  node: number,
  active: readonly FilterNode[],
  visit: VisitSubject,
  budget: WalkBudget,
): boolean {
  if (active.some((filter) => filter.hasRest)) return visitBelow(table, node, visit, budget);
  if (active.some((filter) => filter.star !== null)) return descendEverywhere(table, node, active, visit, budget);
  const tokens = new Set<string>();
  for (const filter of active) for (const token of filter.literals.keys()) tokens.add(token);
  if (tokens.size > 0 && table.firstChild(node) !== 0) {
    for (const token of tokens) {
      const child = table.child(node, token);
      if (child !== 0 && !enter(table, child, nextFilters(active, token), visit, budget)) return false;
    }
  }
  return true;
}

function descendEverywhere(
  table: SubjectTable,
  node: number,
  active: readonly FilterNode[],
  visit: VisitSubject,
  budget: WalkBudget,
): boolean {
  const hasLiterals = active.some((filter) => filter.literals.size > 0);
  const stars = nextFilters(active, null);
  for (let child = table.firstChild(node); child !== 0; child = table.nextSibling(child)) {
    const next = hasLiterals ? nextFilters(active, table.tokenOf(child)) : stars;
    if (!enter(table, child, next, visit, budget)) return false;
  }
  return true;
}

function enter(
  table: SubjectTable,
  node: number,
  active: readonly FilterNode[],
  visit: VisitSubject,
  budget: WalkBudget,
): boolean {
  if (--budget.left < 0) return false;
  if (table.count(node) > 0 && active.some((filter) => filter.isEnd) && !visit(node)) return false;
  return table.firstChild(node) === 0 || descend(table, node, active, visit, budget);
}

function nextFilters(active: readonly FilterNode[], token: string | null): FilterNode[] {
  const next: FilterNode[] = [];
  for (const filter of active) {
    if (filter.star !== null) next.push(filter.star);
    const literal = token === null ? undefined : filter.literals.get(token);
    if (literal !== undefined) next.push(literal);
  }
  return next;
}
