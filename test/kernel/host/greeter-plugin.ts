import { definePlugin, defineSchema, fields } from '../../../kernel/plugin-api.ts';

const schema = defineSchema({
  greeting: fields.string('greeting', { default: 'hello', live: 'yes', doc: 'What every client is greeted with.' }),
});

/** Says a word to every client that logs in, and counts them for whoever asks. */
export const plugin = definePlugin({
  name: 'greeter',
  version: '1.0.0',
  api: [1],
  summary: 'Greets clients in the log',
  provides: [{ name: 'greeting.count', cardinality: 'one' }],
  requires: [{ name: 'greeting.language', cardinality: 'one', optional: true }],
  config: { key: 'greeter', schema, live: 'live' },
  endpoints: [{ path: '/greetz', summary: 'How many clients were greeted' }],

  register(ctx) {
    const greeter = { greeting: ctx.config.greeting, count: 0 };
    ctx.tap('connection.authenticated', () => {
      greeter.count++;
      ctx.log.debug(greeter.greeting);
    });
    ctx.endpoint('/greetz', () => ({ greeted: greeter.count }));
    ctx.provide('greeting.count', () => greeter.count);
    return greeter;
  },

  init(ctx, greeter) {
    const translate = ctx.useOptional<(text: string) => string>('greeting.language');
    if (translate !== undefined) greeter.greeting = translate(greeter.greeting);
  },

  reload(_ctx, greeter, change) {
    greeter.greeting = change.after.greeting;
  },

  close(ctx, greeter) {
    ctx.log.info(`${greeter.count} clients greeted`);
  },
});
