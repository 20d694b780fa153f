import { Failure } from '#client/failure.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Command, Options, Said } from './command.ts';
import { type Connection, connection, type Origin } from './connection.ts';
import { EXIT, exitOf, shapeOf } from './exit.ts';
import type { Here } from './here.ts';
import { fields } from './printable.ts';
import { identityOf, type Whoami } from './whoami.ts';

/** What a person, a script and an agent must be able to tell apart before they do anything else. */
type State = 'fine' | 'bad-key' | 'refused' | 'busy' | 'unavailable' | 'unreachable' | 'not-set-up';

const WORDS: Readonly<Record<State, string>> = {
  fine: 'fine: the server answers and accepts the key',
  'bad-key': 'bad key: the server answers and does not accept the key',
  refused: 'refused: the server answers, and not to this',
  busy: 'busy: the server answers, and says to come back later: nothing is known of the key',
  unavailable: 'not available: the server answers, and cannot do it now: nothing is known of the key',
  unreachable: 'cannot be reached: nothing is known of the key',
  'not-set-up': 'not set up: there is no host or no key that can be used',
};

/** Says it on standard output whichever it is, under `--json` too; the exit code says it again. */
export const status: Command = {
  takes: '',
  words: 0,
  options: {},
  async run(here, _, options) {
    const connected = connectedOr(here, options);
    if (connected instanceof Refusal) return told('not-set-up', here, undefined, connected);
    try {
      return told('fine', here, connected, await connected.invoke('ownWhoami', {}));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return told(stateOf(error), here, connected, error);
    }
  },
};

function connectedOr(here: Here, options: Options): Connection | Refusal {
  try {
    return connection(here, options);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function stateOf(failure: Failure): State {
  if (failure.code === 'unauthenticated') return 'bad-key';
  if (exitOf(failure) !== EXIT.unanswered) return 'refused';
  if (failure.reach !== 'answered') return 'unreachable';
  return failure.code === 'rate_limited' ? 'busy' : 'unavailable';
}

function told(state: State, here: Here, connected: Connection | undefined, found: Whoami | Failure | Refusal): Said {
  const problem = found instanceof Error ? found : undefined;
  const whoami = found instanceof Error ? undefined : found;
  const from = (origin: Origin) => (origin === 'profile' ? here.profile.path : origin);
  return {
    lines: fields({
      Status: WORDS[state],
      ...(connected && { Host: `${connected.host}, from ${from(connected.hostFrom)}` }),
      ...(connected && { Key: `from ${from(connected.keyFrom)}` }),
      ...(whoami && { ...identityOf(whoami), Server: whoami.server.version }),
      ...(problem && { Problem: problem.message }),
    }),
    json: {
      state,
      host: connected ? { url: connected.host, from: connected.hostFrom } : null,
      key: connected ? { from: connected.keyFrom } : null,
      ...{ principal: whoami?.principal ?? null, tenant: whoami?.tenant ?? null },
      ...{ credential: whoami?.credential ?? null, server: whoami?.server ?? null },
      problem: problem === undefined ? null : shapeOf(problem),
    },
    exit: problem ? exitOf(problem) : EXIT.done,
  };
}
