/** Reads lists of users: those of the `authorization` block and those of accounts are written alike. */
import {
  asBoolean,
  asString,
  type ConfigNode,
  type MapEntry,
  type PermissionRules,
  type Problems,
  printed,
  quotedText,
  readPermissions,
  type Steps,
  typeName,
} from '../../../kernel/plugin-api.ts';
import { type ConnectionType, isConnectionType } from '../../../protocols/jwt/connection-types.ts';
import { decodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';

export interface UserOptions {
  readonly account: string;
  /** Empty for users with a key. */
  readonly user: string;
  readonly password: string;
  /** Empty for users with a name. */
  readonly nkey: string;
  /** Null: may do everything. */
  readonly permissions: PermissionRules | null;
  /** Empty: any. */
  readonly connectionTypes: readonly ConnectionType[];
  readonly isProxyRequired: boolean;
}

type OpenUser = { -readonly [Key in keyof UserOptions]: UserOptions[Key] };

export interface ListedUser {
  readonly options: UserOptions;
  readonly place: ConfigNode;
}

export function* readUsers(node: ConfigNode, account: string, problems: Problems): Steps<ListedUser[]> {
  if (node.kind !== 'array') {
    problems.error(node, `Expected users field to be an array, got ${masked(node)}`);
    return [];
  }
  const users: ListedUser[] = [];
  for (const element of node.value) {
    const user = readUser(element, account, problems);
    if (user !== null) users.push(user);
    yield;
  }
  return users;
}

/** A text where a user should stand may hold a password. */
function masked(node: ConfigNode): string {
  return node.kind === 'string' ? '...' : printed(node);
}

function readUser(node: ConfigNode, account: string, problems: Problems): ListedUser | null {
  if (node.kind !== 'map') {
    problems.error(node, `Expected user entry to be a map/struct, got ${masked(node)}`);
    return null;
  }
  const user: OpenUser = {
    account,
    user: '',
    password: '',
    nkey: '',
    permissions: null,
    connectionTypes: [],
    isProxyRequired: false,
  };
  for (const entry of node.value.values()) readEntry(entry, user, problems);
  const failure = failureOf(user);
  if (failure !== null) problems.error(node, failure);
  return failure === null ? { options: Object.freeze(user), place: node } : null;
}

function failureOf({ user, password, nkey }: UserOptions): string | null {
  if (nkey === '') return user === '' ? 'User entry requires a user' : null;
  if (decodePublicKey(nkey)?.kind !== NkeyKind.user) return 'Not a valid public nkey for a user';
  return user === '' && password === '' ? null : 'Nkey users do not take usernames or passwords';
}

function readEntry(entry: MapEntry, user: OpenUser, problems: Problems): void {
  const { value } = entry;
  switch (entry.key.toLowerCase()) {
    case 'nkey':
      user.nkey = asString(value, problems) ?? '';
      break;
    case 'user':
    case 'username':
      user.user = asString(value, problems) ?? '';
      break;
    case 'pass':
    case 'password':
      user.password = asString(value, problems) ?? '';
      break;
    case 'permission':
    case 'permissions':
    case 'authorization':
      user.permissions = readPermissions(value, problems) ?? null;
      break;
    case 'allowed_connection_types':
    case 'connection_types':
    case 'clients':
      user.connectionTypes = readConnectionTypes(value, problems);
      break;
    case 'proxy_required':
      user.isProxyRequired = asBoolean(value, problems) ?? false;
      break;
    default:
      if (!entry.isReferenced) problems.error(entry, `unknown field ${quotedText(entry.key)}`);
  }
}

function readConnectionTypes(node: ConfigNode, problems: Problems): readonly ConnectionType[] {
  const names = namesIn(node, problems).map((name) => name.toUpperCase());
  const unknown = names.filter((name) => !isConnectionType(name));
  if (unknown.length > 0) problems.error(node, `invalid connection types [${unknown.map(quotedText).join(' ')}]`);
  return Object.freeze(names.filter(isConnectionType));
}

function namesIn(node: ConfigNode, problems: Problems): string[] {
  if (node.kind === 'string') return [node.value];
  if (node.kind !== 'array') {
    problems.error(node, `error parsing allowed connection types: unsupported type ${typeName(node)}`);
    return [];
  }
  return node.value.flatMap((element) => {
    if (element.kind === 'string') return [element.value];
    problems.error(element, `error parsing allowed connection types: unsupported type in array ${typeName(element)}`);
    return [];
  });
}

/** Users without permissions of their own have those of the block around them. */
export function withDefaults(users: readonly ListedUser[], permissions: PermissionRules | null): ListedUser[] {
  if (permissions === null) return [...users];
  return users.map((user) =>
    user.options.permissions === null ? { ...user, options: Object.freeze({ ...user.options, permissions }) } : user,
  );
}

/** A name or key may stand for one user only. Answers the users without those that come a second time. */
export function* uniqueUsers(users: readonly ListedUser[], problems: Problems): Steps<UserOptions[]> {
  const seen = new Set<string>();
  const unique: UserOptions[] = [];
  for (const { options, place } of users) {
    const label = options.nkey === '' ? `user ${quotedText(options.user)}` : `nkey ${quotedText(options.nkey)}`;
    if (seen.has(label)) problems.error(place, `Duplicate ${label} detected`);
    else unique.push(options);
    seen.add(label);
    yield;
  }
  return unique;
}
