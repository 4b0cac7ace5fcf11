/** `log_format`, a key a NATS server does not have: lines of `text`, or of `json`. */
import type { LoadedConfig } from '../kernel/config/load.ts';
import type { Problem } from '../kernel/config/problem.ts';

export type LogFormat = 'text' | 'json';

export function logFormatOf({ blocks }: LoadedConfig): LogFormat {
  return blocks.get('log_format')?.value === 'json' ? 'json' : 'text';
}

export function logFormatProblems({ blocks }: LoadedConfig): Problem[] {
  const node = blocks.get('log_format');
  if (node === undefined || node.value === 'text' || node.value === 'json') return [];
  const { file, line, column } = node;
  const text = "log_format must be 'text' or 'json'";
  return [{ severity: 'error', text, standsAlone: false, file, line, column }];
}
