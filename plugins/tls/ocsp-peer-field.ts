/** The key `ocsp_peer` of a block, with the texts of a NATS server for what is wrong with it. */
import { type ConfigNode, type FieldUse, fields, parseDuration } from '../../kernel/plugin-api.ts';
import type { PeerOptions } from '../ocsp/contract.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

interface PeerBlock extends PeerOptions {
  readonly isOn: boolean;
}

type Writable = { -readonly [Key in keyof PeerBlock]: PeerBlock[Key] };

const DEFAULTS: PeerBlock = {
  isOn: false,
  responderMs: 2 * SECOND,
  clockSkewMs: 30 * SECOND,
  warnsOnly: false,
  unknownIsGood: false,
  allowsUnreachable: false,
  lifetimeMs: HOUR,
};
/** Answers what is wrong; null when nothing is. */
type Reader = (block: Writable, value: ConfigNode) => string | null;
const UNKNOWN = 'unknown field';

const KEYS: Readonly<Record<string, Reader>> = {
  verify: flag('isOn'),
  warn_only: flag('warnsOnly'),
  unknown_is_good: flag('unknownIsGood'),
  allow_when_ca_unreachable: flag('allowsUnreachable'),
  ca_timeout: time('responderMs'),
  allowed_clockskew: time('clockSkewMs'),
  cache_ttl_when_next_update_unset: time('lifetimeMs'),
};

export function ocspPeer() {
  return fields.custom<'ocsp_peer', PeerOptions | null>('ocsp_peer', 'boolean or map', readPeer, {
    default: null,
    print: (options) => String(options !== null),
    doc: 'Client certificates are checked with those who issued them.',
  });
}

function readPeer(node: ConfigNode, { problems }: FieldUse): PeerOptions | null | undefined {
  if (node.kind === 'boolean') return node.value ? optionsOf({ ...DEFAULTS, isOn: true }) : null;
  if (node.kind !== 'map') {
    // A NATS server names the type of the block around it.
    problems.error(node, `error parsing ocsp peer config: unsupported type map[string]interface {}`);
    return undefined;
  }
  const block: Writable = { ...DEFAULTS };
  for (const { key, value } of node.value.values()) {
    const read = KEYS[key.toLowerCase()];
    const found = read === undefined ? UNKNOWN : read(block, value);
    // A value of the wrong type is an unknown field, too, in the words of a NATS server.
    const mistake = found === UNKNOWN ? `${UNKNOWN} ["${key.toLowerCase()}"]` : found;
    if (mistake !== null) problems.error(value, `error parsing tls peer config, ${mistake}`);
  }
  return block.isOn ? optionsOf(block) : null;
}

function optionsOf({ isOn: _, ...options }: PeerBlock): PeerOptions {
  return Object.freeze(options);
}

function flag(key: 'isOn' | 'warnsOnly' | 'unknownIsGood' | 'allowsUnreachable'): Reader {
  return (block, value) => {
    if (value.kind !== 'boolean') return UNKNOWN;
    block[key] = value.value;
    return null;
  };
}

/** Seconds, or a duration. */
function time(key: 'responderMs' | 'clockSkewMs' | 'lifetimeMs'): Reader {
  return (block, value) => {
    const ms = millisecondsIn(value);
    if (typeof ms === 'string') return `conversion error: ${ms}`;
    // What is not positive leaves the usual value.
    if (ms > 0) block[key] = ms;
    return null;
  };
}

function millisecondsIn(value: ConfigNode): number | string {
  if (value.kind === 'integer' || value.kind === 'float') return Number(value.value) * SECOND;
  if (value.kind !== 'string') return 'unexpected type';
  const outcome = parseDuration(value.value);
  return 'ms' in outcome ? outcome.ms : outcome.failure;
}
