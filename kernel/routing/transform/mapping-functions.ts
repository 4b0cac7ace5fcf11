/** The functions a destination may call: how each is spelled and what arguments it takes. */
import { parseInteger } from './integer.ts';
import type { TransformProblemCode } from './transform-problem.ts';

/** `indexes` are wildcards of the source, counted from 1; anything below means the subject's first token. */
export type MappingFunction =
  | { readonly kind: 'wildcard'; readonly indexes: readonly bigint[] }
  | { readonly kind: 'partition'; readonly indexes: readonly bigint[]; readonly buckets: number }
  | { readonly kind: 'random'; readonly indexes: readonly []; readonly buckets: number }
  | { readonly kind: 'split'; readonly indexes: readonly bigint[]; readonly delimiter: string }
  | { readonly kind: SizedKind; readonly indexes: readonly bigint[]; readonly size: number };

export type SizedKind = 'splitFromLeft' | 'splitFromRight' | 'sliceFromLeft' | 'sliceFromRight' | 'left' | 'right';

type ArgumentReader = (parts: readonly string[]) => MappingFunction | TransformProblemCode;

const INT32_MAX = 2n ** 31n - 1n;
const INT32_MIN = -(2n ** 31n);

export function findFunction(name: string): ArgumentReader | null {
  return FUNCTIONS.find(([spelling]) => spelling.test(name))?.[1] ?? null;
}

/** The first letter of each word may be of either case, the others are lower case. */
const FUNCTIONS: readonly (readonly [RegExp, ArgumentReader])[] = [
  [/^[Ww]ildcard$/, readWildcard],
  [/^[Pp]artition$/, readPartition],
  [/^[Rr]andom$/, readRandom],
  [/^[Ss]plit$/, readSplit],
  [/^[Ss]plit[Ff]rom[Ll]eft$/, sized('splitFromLeft')],
  [/^[Ss]plit[Ff]rom[Rr]ight$/, sized('splitFromRight')],
  [/^[Ss]lice[Ff]rom[Ll]eft$/, sized('sliceFromLeft')],
  [/^[Ss]lice[Ff]rom[Rr]ight$/, sized('sliceFromRight')],
  [/^[Ll]eft$/, sized('left')],
  [/^[Rr]ight$/, sized('right')],
];

function readWildcard(parts: readonly string[]): MappingFunction | TransformProblemCode {
  if (parts.length > 1) return 'TRANSFORM_ARGUMENTS_SURPLUS';
  if (parts[0] === '') return 'TRANSFORM_ARGUMENTS_MISSING';
  const index = readInteger(parts[0]!);
  return index === null ? 'TRANSFORM_ARGUMENT_INVALID' : { kind: 'wildcard', indexes: [index] };
}

function readPartition(parts: readonly string[]): MappingFunction | TransformProblemCode {
  const [buckets, ...indexes] = parts.map(readInteger);
  if (buckets == null || buckets > INT32_MAX) return 'TRANSFORM_ARGUMENT_INVALID';
  if (!indexes.every((index) => index !== null)) return 'TRANSFORM_ARGUMENT_INVALID';
  return { kind: 'partition', indexes, buckets: Number(BigInt.asUintN(32, buckets)) };
}

/** More arguments than one are reported as too few: the text is the server's. */
function readRandom(parts: readonly string[]): MappingFunction | TransformProblemCode {
  if (parts.length !== 1) return 'TRANSFORM_ARGUMENTS_MISSING';
  const buckets = readInteger(parts[0]!);
  if (buckets === null || buckets > INT32_MAX) return 'TRANSFORM_ARGUMENT_INVALID';
  return { kind: 'random', indexes: [], buckets: Math.abs(Number(BigInt.asIntN(32, buckets))) };
}

/** Without a delimiter the token is split into its characters. */
function readSplit(parts: readonly string[]): MappingFunction | TransformProblemCode {
  if (parts.length !== 2) return wrongCount(parts, 2);
  const index = readInteger(parts[0]!);
  const delimiter = parts[1]!;
  if (index === null || /[ .]/.test(delimiter)) return 'TRANSFORM_ARGUMENT_INVALID';
  return { kind: 'split', indexes: [index], delimiter };
}

function sized(kind: SizedKind): ArgumentReader {
  return (parts) => {
    if (parts.length !== 2) return wrongCount(parts, 2);
    const [index, size] = parts.map(readInteger);
    if (index == null || size == null) return 'TRANSFORM_ARGUMENT_INVALID';
    if (size > INT32_MAX || size < INT32_MIN) return 'TRANSFORM_ARGUMENT_INVALID';
    return { kind, indexes: [index], size: Number(size) };
  };
}

function wrongCount(parts: readonly string[], wanted: number): TransformProblemCode {
  return parts.length < wanted ? 'TRANSFORM_ARGUMENTS_MISSING' : 'TRANSFORM_ARGUMENTS_SURPLUS';
}

function readInteger(part: string): bigint | null {
  return parseInteger(part.replace(/^ +| +$/g, ''));
}
