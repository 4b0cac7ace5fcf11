/** Reads what a user may do. */
import { quotedText } from '../../protocols/client/quoted.ts';
import {
  type PermissionRules,
  type RuleEntry,
  type SubjectRules,
  UNRESTRICTED,
} from '../permissions/permission-rules.ts';
import type { ReplyAllowance } from '../permissions/permissions.ts';
import { DEFAULT_RESPONSES } from '../permissions/written-permissions.ts';
import { isValidSubject, subjectFromText } from '../routing/subject.ts';
import { asInteger, printed } from './conversion.ts';
import { readDurationText } from './duration-text.ts';
import { type ConfigNode, type MapEntry, type MapNode, typeName } from './grammar/node.ts';
import type { Problems } from './problem.ts';

interface OpenRules {
  publish: SubjectRules;
  subscribe: SubjectRules;
  responses: ReplyAllowance | null;
}

export function readPermissions(node: ConfigNode, problems: Problems): PermissionRules | undefined {
  if (node.kind !== 'map') {
    problems.error(node, `Expected permissions to be a map/struct, got ${printed(node)}`);
    return undefined;
  }
  const rules: OpenRules = { publish: UNRESTRICTED, subscribe: UNRESTRICTED, responses: null };
  for (const entry of node.value.values()) readEntry(entry, rules, problems);
  // Who may answer may by that alone publish nothing else.
  if (rules.responses !== null && rules.publish.allow === null) rules.publish = { ...rules.publish, allow: [] };
  return Object.freeze(rules);
}

function readEntry(entry: MapEntry, rules: OpenRules, problems: Problems): void {
  switch (entry.key.toLowerCase()) {
    case 'pub':
    case 'publish':
    case 'import':
      rules.publish = readSubjectRules(entry.value, false, problems);
      break;
    case 'sub':
    case 'subscribe':
    case 'export':
      rules.subscribe = readSubjectRules(entry.value, true, problems);
      break;
    case 'publish_allow_responses':
    case 'allow_responses':
      rules.responses = readResponses(entry.value, problems);
      break;
    default:
      unknownField(entry, problems);
  }
}

function unknownField(entry: MapEntry, problems: Problems): void {
  if (!entry.isReferenced) problems.error(entry, `Unknown field ${quotedText(entry.key)} parsing permissions`);
}

function readSubjectRules(node: ConfigNode, takesQueues: boolean, problems: Problems): SubjectRules {
  if (node.kind !== 'map') return { allow: orNull(readSubjects(node, takesQueues, problems)), deny: [] };
  const rules = { allow: null as readonly RuleEntry[] | null, deny: [] as readonly RuleEntry[] };
  for (const entry of node.value.values()) {
    const key = entry.key.toLowerCase();
    if (key === 'allow') rules.allow = orNull(readSubjects(entry.value, takesQueues, problems));
    else if (key === 'deny') rules.deny = readSubjects(entry.value, takesQueues, problems);
    else if (!entry.isReferenced) {
      const what = `Unknown field name ${quotedText(entry.key)} parsing subject permissions`;
      problems.error(entry, `${what}, only 'allow' or 'deny' are permitted`);
    }
  }
  return Object.freeze(rules);
}

/** An empty list is none. */
function orNull(entries: readonly RuleEntry[]): readonly RuleEntry[] | null {
  return entries.length === 0 ? null : entries;
}

function readSubjects(node: ConfigNode, takesQueues: boolean, problems: Problems): readonly RuleEntry[] {
  if (node.kind === 'string') return readSubject(node, node.value, takesQueues, problems);
  if (node.kind !== 'array') {
    const found = `got ${typeName(node)}`;
    problems.error(node, `Expected subject permissions to be a subject, or array of subjects, ${found}`);
    return [];
  }
  return node.value.flatMap((element) => {
    if (element.kind === 'string') return readSubject(element, element.value, takesQueues, problems);
    problems.error(element, 'Subject in permissions array cannot be cast to string');
    return [];
  });
}

function readSubject(node: ConfigNode, text: string, takesQueues: boolean, problems: Problems): RuleEntry[] {
  const [subject = '', queue, ...more] = takesQueues ? text.split(' ') : [text];
  if (!isValidSubject(subject) || more.length > 0)
    problems.error(node, `subject ${quotedText(text)} is not a valid subject`);
  else if (queue !== undefined && !isValidSubject(queue))
    problems.error(node, `queue ${quotedText(queue)} is not a valid queue`);
  else return [subjectFromText(text)];
  return [];
}

function readResponses(node: ConfigNode, problems: Problems): ReplyAllowance | null {
  if (node.kind === 'boolean') return node.value ? DEFAULT_RESPONSES : null;
  if (node.kind === 'map') return readAllowance(node, problems);
  problems.error(node, 'error parsing response permissions, expected a boolean or a map');
  return null;
}

function readAllowance(node: MapNode, problems: Problems): ReplyAllowance {
  const allowance = { ...DEFAULT_RESPONSES };
  for (const entry of node.value.values()) {
    switch (entry.key.toLowerCase()) {
      case 'max':
      case 'max_msgs':
      case 'max_messages':
      case 'max_responses':
        allowance.max = asInteger(entry.value, problems) || DEFAULT_RESPONSES.max;
        break;
      case 'expires':
      case 'expiration':
      case 'ttl':
        allowance.ttlMs = readExpiry(entry.value, problems) || DEFAULT_RESPONSES.ttlMs;
        break;
      default:
        unknownField(entry, problems);
    }
  }
  return Object.freeze(allowance);
}

function readExpiry(node: ConfigNode, problems: Problems): number | undefined {
  if (node.kind === 'string') return readDurationText(node, 'error parsing expires: ', problems);
  problems.error(node, 'error parsing expires, not a duration string');
  return undefined;
}
