/** What a token may say of subjects, and no subject can be. */
import { isValidSubject, type PermissionRules } from '../../../kernel/plugin-api.ts';

/** The first entry that is no pattern; undefined when all are. */
export function impossibleEntry({ publish, subscribe }: PermissionRules): string | undefined {
  const entries = [publish, subscribe].flatMap(({ allow, deny }) => [...(allow ?? []), ...deny]);
  return entries.find((entry) => !entry.split(' ').every(isValidSubject));
}
