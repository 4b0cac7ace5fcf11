/** Why a source and a destination make no transform. The texts are those of a NATS server, to the letter. */

const DESTINATION = 'invalid mapping destination';

const TEXTS = {
  TRANSFORM_SUBJECT: 'invalid subject',
  TRANSFORM_DESTINATION: `${DESTINATION}: invalid transform`,
  TRANSFORM_WILDCARDS_UNUSED: `${DESTINATION}: not using all of the token wildcard(s)`,
  TRANSFORM_FUNCTION_UNKNOWN: `${DESTINATION}: unknown function`,
  TRANSFORM_INDEX_RANGE: `${DESTINATION}: wildcard index out of range`,
  TRANSFORM_ARGUMENTS_MISSING: `${DESTINATION}: not enough arguments passed to the function`,
  TRANSFORM_ARGUMENT_INVALID: `${DESTINATION}: function argument is invalid or in the wrong format`,
  TRANSFORM_ARGUMENTS_SURPLUS: `${DESTINATION}: too many arguments passed to the function`,
  TRANSFORM_FUNCTION_FORBIDDEN: `${DESTINATION}: the only mapping function allowed for import transforms is {{Wildcard()}}`,
} as const;

export type TransformProblemCode = keyof typeof TEXTS;

export class TransformProblem {
  readonly code: TransformProblemCode;
  readonly text: string;

  /** `token` is the part of the destination at fault; `index` the wildcard that the source does not have. */
  constructor(code: TransformProblemCode, token = '', index: bigint | null = null) {
    this.code = code;
    this.text = TEXTS[code] + (token === '' ? '' : ` in ${token}`) + (index === null ? '' : `: [${index}]`);
  }
}
