/** Who the asker is, and what it may do. */
import {
  type ClientConnection,
  connectionFacts,
  nanoseconds,
  type PermissionRules,
  PermissionSet,
  type SubjectRules,
  textFromSubject,
} from '../../../kernel/plugin-api.ts';

const SECOND_MS = 1000;

export function userInfo(client: ClientConnection, now: number): object {
  const { identity, permissions } = client;
  const { user, account, accountTitle } = connectionFacts(client);
  const remainingMs = identity?.expiresAt === undefined ? 0 : identity.expiresAt - now;
  return {
    user,
    account,
    account_name: accountTitle,
    user_name: identity?.details?.user_name,
    permissions: permissions instanceof PermissionSet ? shownRules(permissions.rules) : undefined,
    expires: remainingMs > 0 ? nanoseconds(Math.floor(remainingMs / SECOND_MS) * SECOND_MS) : undefined,
  };
}

function shownRules({ publish, subscribe, responses }: PermissionRules): object {
  return {
    publish: shownSubjects(publish),
    subscribe: shownSubjects(subscribe),
    responses: responses === null ? undefined : { max: responses.max, ttl: nanoseconds(responses.ttlMs) },
  };
}

function shownSubjects({ allow, deny }: SubjectRules): object {
  return { allow: allow?.map(textFromSubject), deny: deny.length > 0 ? deny.map(textFromSubject) : undefined };
}
