/** What goes wrong around plugins, hooks and capabilities, each with a code and a remedy. */

/** The codes, one line each; `kernel/host/README.md` has a section for every one. */
export type PluginErrorCode =
  | 'CAPABILITY_AMBIGUOUS'
  | 'CAPABILITY_CARDINALITY'
  | 'CAPABILITY_MISSING'
  | 'CAPABILITY_MISTIMED'
  | 'CAPABILITY_UNDECLARED'
  | 'CAPABILITY_UNKEPT'
  | 'HOOK_ANSWERED_LATE'
  | 'HOOK_ORDER_CYCLE'
  | 'HOOK_UNKNOWN'
  | 'HOST_CLOSED'
  | 'PLUGIN_API_VERSION'
  | 'PLUGIN_CALLBACK_FAILED'
  | 'PLUGIN_CLAIM_CONFLICT'
  | 'PLUGIN_CONTEXT_CLOSED'
  | 'PLUGIN_DUPLICATE'
  | 'PLUGIN_INVALID'
  | 'PLUGIN_LOAD_FAILED'
  | 'PLUGIN_LOAD_TIMEOUT'
  | 'PLUGIN_NOT_FOUND'
  | 'PLUGIN_ORDER_CYCLE'
  | 'PLUGIN_PHASE_FAILED'
  | 'PLUGIN_PHASE_TIMEOUT'
  | 'PLUGIN_UNDECLARED'
  | 'PLUGINS_INVALID'
  | 'RELOAD_FAILED'
  | 'RELOAD_REFUSED'
  | 'SERVICE_DUPLICATE'
  | 'SERVICE_UNKNOWN';

export interface PluginErrorDetails {
  plugin?: string | undefined;
  phase?: string | undefined;
  cause?: unknown;
  /** Several errors found in one look, when this error stands for all of them. */
  problems?: readonly PluginError[];
}

export class PluginError extends Error {
  override readonly name = 'PluginError';
  readonly code: PluginErrorCode;
  /** What happened and where, without the advice. */
  readonly what: string;
  /** What the reader does next. */
  readonly remedy: string;
  readonly plugin: string | null;
  readonly phase: string | null;
  readonly problems: readonly PluginError[];

  constructor(code: PluginErrorCode, what: string, remedy: string, details: PluginErrorDetails = {}) {
    super(`${what}: ${remedy} [${code}]`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.what = what;
    this.remedy = remedy;
    this.plugin = details.plugin ?? null;
    this.phase = details.phase ?? null;
    this.problems = details.problems ?? [];
  }

  /** Where the code is explained. */
  get docs(): string {
    return `kernel/host/README.md#${this.code.toLowerCase()}`;
  }

  /** Answers by shape, so that two installed copies of gnatlet recognise each other's errors. */
  static is(value: unknown): value is PluginError {
    return value instanceof Error && value.name === 'PluginError' && 'code' in value && 'remedy' in value;
  }
}

/** One line for whatever was thrown: plugins throw strings and objects too. */
export function causeText(cause: unknown): string {
  if (cause instanceof Error) return cause.message === '' ? cause.name : cause.message;
  return typeof cause === 'string' ? cause : String(cause);
}
