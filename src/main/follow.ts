import type { Deps } from '#app/deps.ts';
import { acknowledge, leave } from '#app/node/acknowledge.ts';
import { catchUp } from '#app/token/catch-up.ts';
import type { Log } from '#telemetry/log.ts';

/** A word of the database comes at once; where it was lost, or where none comes, this bounds how late a change is heard. */
const POLL_MS = 100;
/** Where nothing can be listened to, as behind a pooler. */
const POLL_ALONE_MS = 50;
/** Others must see that this process lives, also while nothing changes. */
const SAY_MS = 1_000;

type Following = { stop(): Promise<void> };

/** Follows what other processes change, and tells them how far it is; nothing to do for a process that is alone. */
export function follow(deps: Deps, { pooled }: { readonly pooled: boolean }, log: Log): Following {
  if (!deps.store.isShared) return { stop: async () => {} };
  const hearing = inTurn(() => catchUp(deps));
  const saying = inTurn(() => acknowledge(deps));
  const told = tellingOfOutages(log);
  let said = { sequence: -1, elapsedMs: 0 };
  const sayWhereNew = () => {
    const { elapsedMs } = deps.clock.moment();
    if (deps.verified.sequence === said.sequence && elapsedMs - said.elapsedMs < SAY_MS) return;
    said = { sequence: deps.verified.sequence, elapsedMs };
    saying.run();
  };
  const hear = () => hearing.run().then((heard) => told(heard === true, sayWhereNew));
  const listening = deps.store.listen(() => void hear());
  const timer = setInterval(() => void hear(), pooled ? POLL_ALONE_MS : POLL_MS);
  return {
    async stop() {
      clearInterval(timer);
      await listening.stop();
      await hearing.idle();
      await saying.idle();
      await leave(deps);
    },
  };
}

/** One at a time; whoever asks meanwhile is served by one more, that begins after they asked. */
function inTurn<Result>(act: () => Promise<Result>) {
  let under: Promise<Result | undefined> | undefined;
  let next: Promise<Result | undefined> | undefined;
  const begin = () => {
    under = act()
      .catch(() => undefined) // an outage, which is noticed by its silence
      .finally(() => {
        under = undefined;
      });
    return under;
  };
  const run = (): Promise<Result | undefined> => {
    if (under === undefined) return begin();
    next ??= under.then(() => {
      next = undefined;
      return begin();
    });
    return next;
  };
  return { run, idle: async () => void (await (next ?? under)) };
}

/** Once, and once that it is over. */
function tellingOfOutages(log: Log) {
  let isCutOff = false;
  return (heard: boolean, go: () => void) => {
    if (heard) go();
    if (heard !== isCutOff) return;
    isCutOff = !heard;
    if (isCutOff) log.warn('the change feed is not heard: what is remembered is believed only a little longer');
    else log.info('the change feed is heard again');
  };
}
