/** The block `auth_hmac`. */
import { defineSchema, fields, type OptionsOf, PermissionSet, readPermissions } from 'gnatlet/plugin';

const SECRET_CHARACTERS_MIN = 16;

export const schema = defineSchema({
  secret: fields.string('secret', {
    default: '',
    live: 'yes',
    doc: 'What tokens are signed with.',
    check: (secret) =>
      secret.length < SECRET_CHARACTERS_MIN ? `the secret needs ${SECRET_CHARACTERS_MIN} characters or more` : null,
  }),
  account: fields.string('account', { default: '$G', live: 'yes', doc: 'The account clients end up in.' }),
  // Permissions are read as those of users are. Made into a set once, they are shared by all who have the role.
  roles: fields.custom(
    'roles',
    'map of permissions',
    (node, use) =>
      fields.readMapOf(node, use, (value) => {
        const rules = readPermissions(value, use.problems);
        return rules === undefined ? undefined : new PermissionSet(rules);
      }),
    {
      default: {} as Readonly<Record<string, PermissionSet>>,
      live: 'yes',
      doc: 'By the role in a token, what it may do.',
    },
  ),
});

export type Config = OptionsOf<typeof schema.fields>;
