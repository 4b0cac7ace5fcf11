/** For resolvers that keep nothing: tokens that are pushed act on accounts in use, and are gone with them. */
import { Buffer } from 'node:buffer';
import type { Handler, PluginContext, RetainedMessage } from '../../kernel/plugin-api.ts';
import { encodeOutcome, failed, type Outcome } from '../../protocols/jwt/resolver/answers.ts';
import { updateLive } from '../../protocols/jwt/resolver/live-update.ts';
import { RequestLine } from '../../protocols/jwt/resolver/request-line.ts';
import { ACCOUNT_UPDATE, accountOf, OLD_ACCOUNT_UPDATE } from '../../protocols/jwt/resolver/subjects.ts';
import type { ResolverHost } from './contract.ts';

/** Serves the subjects, until what it answers is called. */
export function serveLiveUpdates(ctx: PluginContext, host: ResolverHost): () => Promise<void> {
  const line = new RequestLine();
  const handle: Handler = (message) => {
    const request = message.retain();
    if (!line.take(request.body.length, () => update(ctx, host, request))) refuse(ctx, host, request);
    return true;
  };
  const disposers = [ACCOUNT_UPDATE, OLD_ACCOUNT_UPDATE].map((subject) => ctx.subscribe(host.system, subject, handle));
  return () => {
    for (const dispose of disposers) dispose();
    return line.idle();
  };
}

async function update(ctx: PluginContext, host: ResolverHost, request: RetainedMessage): Promise<void> {
  const accountKey = accountOf(request.subject);
  try {
    answer(ctx, host, request, await updateLive(accountKey, Buffer.from(request.body).toString(), host));
  } catch (error) {
    answer(ctx, host, request, failed(accountKey, 'jwt update resulted in error', (error as Error).message));
  }
}

function refuse(ctx: PluginContext, host: ResolverHost, request: RetainedMessage): void {
  const reason = 'too many updates wait, try again later';
  answer(ctx, host, request, failed(accountOf(request.subject), 'jwt update resulted in error', reason));
}

function answer(ctx: PluginContext, host: ResolverHost, { reply }: RetainedMessage, outcome: Outcome): void {
  const { log, broker } = ctx.kernel;
  if (outcome.failure === null) log.debug(`${outcome.message} - ${outcome.account}`);
  else log.error(`${outcome.message} - ${outcome.account} - ${outcome.failure}`);
  if (reply === '') return;
  broker.publisher.publish(host.system, { subject: reply, body: encodeOutcome(outcome, host.serverInfo()) });
}
