/**
 * The outer levels of maps and arrays, read an entry at a time: ten thousand accounts take a while, and a broker that
 * reads its configuration again serves others meanwhile. What lies deeper is small, and read at once.
 */
import type { Steps } from '../../ports/steps.ts';
import type { Place } from '../problem.ts';
import { MAP_KEY, readKey } from './key.ts';
import type { ConfigNode, MapEntry } from './node.ts';
import type { Reading } from './reading.ts';
import {
  descend,
  endElement,
  endMapEntry,
  keepValue,
  only,
  reachValue,
  readIncludeInSteps,
  readValue,
  skipToElement,
  skipToKey,
} from './value.ts';

/** As `readValue` does. */
export function* readValueInSteps(reading: Reading, place: Place | null): Steps<ConfigNode | null> {
  const { scanner } = reading;
  const opening = scanner.peek();
  if (reading.depth >= reading.levelsInSteps || (opening !== '{' && opening !== '[')) return readValue(reading, place);
  scanner.next();
  return opening === '['
    ? yield* readArrayInSteps(reading, place)
    : yield* readMapInSteps(reading, place ?? scanner.place());
}

function* readArrayInSteps(reading: Reading, place: Place | null): Steps<ConfigNode> {
  const elements: ConfigNode[] = [];
  descend(reading);
  while (skipToElement(reading)) {
    const element = yield* readValueInSteps(reading, null);
    if (element !== null) elements.push(element);
    endElement(reading);
    yield;
  }
  reading.depth--;
  return { kind: 'array', value: elements, ...only(place ?? reading.scanner.place()) };
}

function* readMapInSteps(reading: Reading, place: Place): Steps<ConfigNode> {
  const entries = new Map<string, MapEntry>();
  descend(reading);
  reading.scopes.push(entries);
  while (skipToKey(reading)) {
    yield* readMapEntryInSteps(reading);
    yield;
  }
  reading.scopes.pop();
  reading.depth--;
  return { kind: 'map', value: entries, ...only(place) };
}

function* readMapEntryInSteps(reading: Reading): Steps<void> {
  const key = readKey(reading.scanner, MAP_KEY);
  if (key === null) yield* readIncludeInSteps(reading);
  else if (!reachValue(reading, key.name, key.place)) return;
  else keepValue(reading, key.name, key.place, yield* readValueInSteps(reading, key.place));
  endMapEntry(reading);
}
