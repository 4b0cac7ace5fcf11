/** Begins here: the tabs, and what keeps them fresh. */
import { Poller } from './poller.ts';
import { Shell } from './shell.ts';
import { Accounts } from './views/accounts.ts';
import { Connections } from './views/connections.ts';
import { Links } from './views/links.ts';
import { Overview } from './views/overview.ts';
import { Plugins } from './views/plugins.ts';
import { Streams } from './views/streams.ts';
import { Subscriptions } from './views/subscriptions.ts';

let poller: Poller | null = null;
const hurry = (): void => poller?.hurry();

const shell = new Shell([
  new Overview(),
  new Connections(hurry),
  new Subscriptions(hurry),
  new Accounts(),
  new Streams(hurry),
  new Links(),
  new Plugins(),
]);
poller = new Poller(shell);
poller.start();
