/** The block `leafnodes.authorization`: who leafs have to be, in place of the users of the server. */
import {
  asBoolean,
  asString,
  type ConfigNode,
  defineSchema,
  type FieldUse,
  fields,
  type Problems,
  printed,
  quotedText,
  readDurationText,
  subjectFromText,
} from '../../../kernel/plugin-api.ts';
import { decodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';

const SECOND = 1000;

export interface LeafUser {
  readonly user: string;
  readonly password: string;
  /** Empty: the global one. */
  readonly account: string;
  readonly isProxyRequired: boolean;
}

export const authorizationSchema = defineSchema({
  user: fields.string('user', { default: '', aliases: ['username'], doc: 'The one user leafs log in as.' }),
  password: fields.string('pass', { default: '', aliases: ['password'], doc: 'Its password, plain or as bcrypt.' }),
  nkey: fields.custom('nkey', 'public key', readKey, { default: '', doc: 'The one key leafs log in with.' }),
  account: fields.string('account', { default: '', doc: 'The account they get.' }),
  timeoutMs: fields.custom<'timeout', number | null>('timeout', 'seconds or duration', readTimeout, {
    default: null,
    doc: 'How long a leaf may take to log in.',
  }),
  isProxyRequired: fields.boolean('proxy_required', {
    default: false,
    doc: 'The one user must come through a trusted proxy.',
  }),
  users: fields.custom('users', 'array of users', readUsers, {
    default: [] as readonly LeafUser[],
    doc: 'Several users, each with an account.',
  }),
});

/** What is wrong with the block as a whole; null for nothing. */
export function conflictIn(options: ReturnType<typeof authorizationSchema.read>): string | null {
  const { user, nkey, users } = options;
  if (users.length === 0) return null;
  if (user !== '') return 'can not have a single user/pass and a users array';
  if (nkey !== '') return 'can not have a single nkey and a users array';
  const twice = users.find((one, at) => users.findIndex((other) => other.user === one.user) < at);
  return twice === undefined ? null : `duplicate user ${quotedText(twice.user)} detected in leafnode authorization`;
}

function readKey(node: ConfigNode, { problems }: FieldUse): string | undefined {
  const key = asString(node, problems);
  if (key === undefined || decodePublicKey(key)?.kind === NkeyKind.user) return key;
  problems.error(node, 'Not a valid public nkey for leafnode authorization');
  return undefined;
}

function readTimeout(node: ConfigNode, { problems }: FieldUse): number | undefined {
  if (node.kind === 'integer' || node.kind === 'float') return Number(node.value) * SECOND;
  if (node.kind === 'string') return readDurationText(node, '', problems);
  problems.error(node, "error parsing leafnode authorization config, 'timeout' wrong type");
  return undefined;
}

function readUsers(node: ConfigNode, { problems }: FieldUse): readonly LeafUser[] | undefined {
  if (node.kind !== 'array') {
    problems.error(node, `Expected users field to be an array, got ${printed(node)}`);
    return undefined;
  }
  return node.value.flatMap((element) => readUser(element, problems) ?? []);
}

function readUser(node: ConfigNode, problems: Problems): LeafUser | null {
  if (node.kind !== 'map') {
    problems.error(node, `Expected user entry to be a map/struct, got ${printed(node)}`);
    return null;
  }
  const user = { user: '', password: '', account: '', isProxyRequired: false };
  for (const { key, value, isReferenced } of node.value.values()) {
    const known = key.toLowerCase();
    if (known === 'user' || known === 'username') user.user = asString(value, problems) ?? '';
    else if (known === 'pass' || known === 'password') user.password = asString(value, problems) ?? '';
    else if (known === 'account') user.account = subjectFromText(asString(value, problems) ?? '');
    else if (known === 'proxy_required') user.isProxyRequired = asBoolean(value, problems) ?? false;
    else if (!isReferenced) problems.error(value, `unknown field ${quotedText(key)}`);
  }
  return user;
}
