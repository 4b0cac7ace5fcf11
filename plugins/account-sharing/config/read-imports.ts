/** Reads the `imports` of an account. Every mistake is reported in a NATS server's words. */
import {
  asBoolean,
  asString,
  type ConfigNode,
  type MapEntry,
  type MapNode,
  type Problems,
  quotedText,
  subjectFromText,
  typeName,
} from '../../../kernel/plugin-api.ts';
import type { ImportOptions, ImportPool } from './share-options.ts';

type OpenImport = { -readonly [Key in keyof ImportOptions]: ImportOptions[Key] } & { isNamed: boolean };

export function readImports(node: ConfigNode, problems: Problems, pool: ImportPool): ImportOptions[] {
  if (node.kind !== 'array') {
    problems.error(node, `Imports should be an array, got ${typeName(node)}`);
    return [];
  }
  const services = new Map<string, ImportOptions>();
  return node.value.flatMap((element) => {
    if (element.kind !== 'map') {
      problems.error(element, `Import Items should be a map with type entry, got ${typeName(element)}`);
      return [];
    }
    const read = new ImportReader(element, problems).read();
    return read === null || isDuplicate(read, services, element, problems) ? [] : [pool.shared(read)];
  });
}

/** One account's service may be called only one thing, and one thing must be only one service of an account. */
function isDuplicate(
  read: ImportOptions,
  services: Map<string, ImportOptions>,
  place: ConfigNode,
  problems: Problems,
): boolean {
  if (read.kind === 'stream') return false;
  const local = read.to === '' ? read.subject : read.to;
  const key = `${read.account} ${local}`;
  const before = services.get(key);
  services.set(key, read);
  if (before === undefined) return false;
  const used = `import for account ${quotedText(before.account)}, subject ${quotedText(before.text)}`;
  const name = Buffer.from(local, 'latin1').toString('utf8');
  problems.error(place, `Duplicate service import subject ${quotedText(name)}, previously used in ${used}`);
  return true;
}

class ImportReader {
  private readonly entries: readonly MapEntry[];
  private readonly problems: Problems;
  private readonly open: OpenImport = {
    isNamed: false,
    kind: 'service',
    account: '',
    subject: '',
    text: '',
    to: '',
    prefix: '',
    sharesRequester: false,
    allowsTrace: false,
  };

  constructor(node: MapNode, problems: Problems) {
    this.entries = [...node.value.values()];
    this.problems = problems;
  }

  /** Null for an entry that imports nothing. */
  read(): ImportOptions | null {
    for (const entry of this.entries) this.readSource(entry);
    for (const entry of this.entries) this.readOther(entry);
    const { isNamed, ...options } = this.open;
    return isNamed && options.account !== '' ? Object.freeze(options) : null;
  }

  private readSource(entry: MapEntry): void {
    const kind = entry.key.toLowerCase();
    if (kind !== 'stream' && kind !== 'service') return;
    if (this.open.isNamed && this.open.kind !== kind) {
      this.problems.error(entry, `Detected ${kind} but already saw a ${this.open.kind}`);
    } else if (entry.value.kind !== 'map') {
      const name = kind === 'stream' ? 'Stream' : 'Service';
      this.problems.error(entry, `${name} entry should be an account map, got ${typeName(entry.value)}`);
    } else {
      Object.assign(this.open, { isNamed: true, kind });
      this.readAccountAndSubject(entry, entry.value);
    }
  }

  private readAccountAndSubject(entry: MapEntry, map: MapNode): void {
    let account = '';
    let text = '';
    for (const inner of map.value.values()) {
      const key = inner.key.toLowerCase();
      if (key === 'account') account = asString(inner.value, this.problems) ?? '';
      else if (key === 'subject') text = asString(inner.value, this.problems) ?? '';
      else if (!inner.isReferenced) this.problems.error(inner, `unknown field ${quotedText(inner.key)}`);
    }
    if (account === '' || text === '') this.problems.error(entry, 'Expect an account name and a subject');
    else Object.assign(this.open, { account, text, subject: subjectFromText(text) });
  }

  private readOther(entry: MapEntry): void {
    const { open, problems } = this;
    switch (entry.key.toLowerCase()) {
      case 'stream':
      case 'service':
        break;
      case 'prefix':
        open.prefix = subjectFromText(asString(entry.value, problems) ?? '');
        this.refuseBoth(entry);
        break;
      case 'to':
        open.to = subjectFromText(asString(entry.value, problems) ?? '');
        this.refuseBoth(entry);
        break;
      case 'share':
        open.sharesRequester = asBoolean(entry.value, problems) ?? false;
        break;
      case 'allow_trace':
        if (open.isNamed && open.kind === 'service') {
          problems.error(entry, 'Detected allow_trace directive on a non-stream');
        } else open.allowsTrace = asBoolean(entry.value, problems) ?? false;
        break;
      default:
        if (!entry.isReferenced) problems.error(entry, `unknown field ${quotedText(entry.key)}`);
    }
  }

  /** Services have no prefix: there it means nothing. */
  private refuseBoth(entry: MapEntry): void {
    const { isNamed, kind, prefix, to } = this.open;
    if (!isNamed || kind !== 'stream' || prefix === '' || to === '') return;
    this.problems.error(entry, "Stream import can not have a 'prefix' and a 'to' property");
  }
}
