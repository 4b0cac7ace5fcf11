/** The value of `compression`: a word, a boolean, or a mode with thresholds. */
import { quotedText } from '../../protocols/client/quoted.ts';
import {
  type CompressionMode,
  type CompressionOptions,
  DEFAULT_THRESHOLDS_MS,
  LEVELS,
} from '../../protocols/link/compression-mode.ts';
import { asArray } from './conversion.ts';
import { parseDuration } from './duration.ts';
import * as fields from './fields.ts';
import { type ConfigNode, typeName } from './grammar/node.ts';
import type { Problems } from './problem.ts';
import type { FieldUse } from './schema.ts';

const WORDS: Readonly<Record<string, CompressionMode>> = {
  'not supported': 'not supported',
  not_supported: 'not supported',
  off: 'off',
  disabled: 'off',
  false: 'off',
  accept: 'accept',
  on: 's2_fast',
  enabled: 's2_fast',
  true: 's2_fast',
  auto: 's2_auto',
  s2_auto: 's2_auto',
  fast: 's2_fast',
  s2_fast: 's2_fast',
  better: 's2_better',
  s2_better: 's2_better',
  best: 's2_best',
  s2_best: 's2_best',
};

const THRESHOLD_KEYS = new Set(['rtt_thresholds', 'thresholds', 'rtts', 'rtt']);

/** `usual`: the mode where nothing is configured. */
export function compressionField(usual: CompressionMode) {
  const standard: CompressionOptions = Object.freeze({ mode: usual, thresholdsMs: DEFAULT_THRESHOLDS_MS });
  return fields.custom('compression', 'boolean, string or map', readCompression, {
    default: standard,
    live: 'yes',
    print: ({ mode }) => mode,
    doc: 'How what is sent to other servers is packed.',
  });
}

function readCompression(node: ConfigNode, use: FieldUse): CompressionOptions | undefined {
  if (node.kind === 'boolean') return { mode: node.value ? 's2_fast' : 'off', thresholdsMs: DEFAULT_THRESHOLDS_MS };
  if (node.kind === 'string') return withMode(node.value, node, use.problems, []);
  if (node.kind !== 'map') {
    use.problems.error(node, `field "compression" should be a boolean or a structure, got ${typeName(node)}`);
    return undefined;
  }
  let mode = '';
  let thresholds: readonly number[] | undefined = [];
  for (const { key, value, isReferenced } of node.value.values()) {
    const known = key.toLowerCase();
    if (known === 'mode' && value.kind === 'string') mode = value.value;
    else if (THRESHOLD_KEYS.has(known)) thresholds = readThresholds(value, use.problems);
    else if (!isReferenced) use.problems.error(value, `unknown field ${quotedText(key)}`);
  }
  return thresholds === undefined ? undefined : withMode(mode, node, use.problems, thresholds);
}

function readThresholds(node: ConfigNode, problems: Problems): readonly number[] | undefined {
  const array = asArray(node, problems);
  if (array === undefined) return undefined;
  const thresholds: number[] = [];
  for (const item of array.value) {
    const outcome = item.kind === 'string' ? parseDuration(item.value) : null;
    if (outcome === null || !('ms' in outcome)) {
      problems.error(item, `error parsing rtt_thresholds: ${outcome?.failure ?? 'not a duration string'}`);
      return undefined;
    }
    thresholds.push(outcome.ms);
  }
  return thresholds;
}

function withMode(
  word: string,
  node: ConfigNode,
  problems: Problems,
  thresholdsMs: readonly number[],
): CompressionOptions | undefined {
  const mode = WORDS[word.toLowerCase()];
  const fail = (text: string): undefined => void problems.error(node, text);
  if (mode === undefined) return fail(`unsupported compression mode ${quotedText(word)}`);
  if (mode !== 's2_auto' || thresholdsMs.length === 0) return { mode, thresholdsMs: DEFAULT_THRESHOLDS_MS };
  const shown = `[${thresholdsMs.map((ms) => `${ms}ms`).join(' ')}]`;
  const given = thresholdsMs.filter((ms) => ms !== 0);
  if (given.some((ms, at) => ms < 0 || ms < (given[at - 1] ?? 0))) {
    return fail(`RTT threshold values ${shown} should be in ascending order`);
  }
  if (thresholdsMs.length > LEVELS.length) {
    return fail(`compression mode "${mode}" should have no more than 4 RTT thresholds: ${shown}`);
  }
  if (given.length === 0) return fail(`compression mode "${mode}" requires at least one RTT threshold`);
  return { mode, thresholdsMs };
}
