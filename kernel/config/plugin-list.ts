/** The `plugins` key: which plugins run. `auto`, or an exact list of names, packages, paths and maps. */
import { asString, printed } from './conversion.ts';
import type { ConfigNode, MapEntry, MapNode } from './grammar/node.ts';
import type { Place, Problems } from './problem.ts';

export interface PluginRequest {
  /** A built-in name, a package name, or a path. */
  readonly use: string;
  /** The plugin's own options, given right here instead of in a block of the file. */
  readonly with: ConfigNode | null;
  readonly place: Place;
}

/** `auto` turns on the built-in plugins whose keys appear. */
export type PluginList = 'auto' | readonly PluginRequest[];

export function readPluginList(node: ConfigNode, problems: Problems): PluginList | undefined {
  if (node.kind === 'string' && node.value.toLowerCase() === 'auto') return 'auto';
  if (node.kind === 'string' || node.kind === 'map') return readRequests([node], problems);
  if (node.kind === 'array') return readRequests(node.value, problems);
  problems.error(node, `plugins must be 'auto' or a list of names, got ${printed(node)}`);
  return undefined;
}

function readRequests(nodes: readonly ConfigNode[], problems: Problems): readonly PluginRequest[] {
  const requests: PluginRequest[] = [];
  for (const node of nodes) {
    const request = readRequest(node, problems);
    if (request === null) continue;
    if (requests.some((other) => other.use === request.use)) {
      problems.error(node, `the plugin "${request.use}" is listed twice`);
    } else requests.push(request);
  }
  return Object.freeze(requests);
}

function readRequest(node: ConfigNode, problems: Problems): PluginRequest | null {
  const place: Place = { file: node.file, line: node.line, column: node.column };
  if (node.kind === 'string') return Object.freeze({ use: node.value, with: null, place });
  if (node.kind === 'map') return readRequestMap(node, place, problems);
  problems.error(node, `a plugin is a name or a map with "use" and "with", got ${printed(node)}`);
  return null;
}

function readRequestMap(map: MapNode, place: Place, problems: Problems): PluginRequest | null {
  let use: string | undefined;
  let options: ConfigNode | null = null;
  for (const entry of map.value.values()) {
    if (entry.key === 'use') use = asString(entry.value, problems);
    else if (entry.key === 'with') options = entry.value;
    else refuse(entry, problems);
  }
  if (use !== undefined) return Object.freeze({ use, with: options, place });
  if (!map.value.has('use')) problems.error(place, 'a plugin given as a map needs "use" with its name');
  return null;
}

function refuse(entry: MapEntry, problems: Problems): void {
  if (!entry.isReferenced) problems.error(entry, `unknown field "${entry.key}"; a plugin has only "use" and "with"`);
}
