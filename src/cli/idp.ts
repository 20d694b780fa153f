import type { Input } from '#contract/invoke.ts';
import { EXTERNAL_ALGORITHMS } from '#domain/identity-provider.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { type Command, type Options, textOf } from './command.ts';
import { connection } from './connection.ts';
import { EXIT, misunderstood } from './exit.ts';
import type { Here } from './here.ts';
import { typed } from './key.ts';
import { printable, table } from './printable.ts';
import { allProviders, definitionOf, keysOf, providerBy, providerLines } from './provider.ts';
import { agreed } from './users.ts';

export const idpList: Command = {
  takes: '',
  words: 0,
  options: {},
  async run(here, _, options) {
    const providers = await allProviders(connection(here, options).invoke);
    const rows = providers.map((one) => [
      ...[one.name, one.id, one.enabled ? 'enabled' : 'disabled', one.issuer, one.audiences.join(', '), keysOf(one)],
    ]);
    return { lines: table(['Name', 'ID', 'State', 'Issuer', 'Audiences', 'Keys'], rows), json: providers };
  },
};

export const idpGet: Command = {
  takes: 'NAME-or-ID',
  words: 1,
  options: {},
  async run(here, [word = ''], options) {
    const provider = await providerBy(connection(here, options).invoke, word);
    return { lines: providerLines(provider), json: provider };
  },
};

type Wished = Input<'ownCreateProvider'>;

export const idpAdd: Command = {
  takes:
    'NAME --issuer URL (--jwks-uri URL | --jwks-file FILE) --audience TEXT,… [--algorithms RS256,…] [--subject-claim CLAIM] [--email-claim CLAIM] [--team-claim CLAIM] [--clock-skew SECONDS] [--lifetime SECONDS] [--disabled]',
  words: 1,
  options: {
    ...({ issuer: 'string', 'jwks-uri': 'string', 'jwks-file': 'string', audience: 'string' } as const),
    ...({ algorithms: 'string', 'subject-claim': 'string', 'email-claim': 'string', 'team-claim': 'string' } as const),
    ...({ 'clock-skew': 'string', lifetime: 'string', disabled: 'boolean' } as const),
  },
  async run(here, [name = ''], options) {
    const wished = wishedOf(here, name, options);
    const { provider } = await connection(here, options).invoke('ownCreateProvider', wished);
    return { lines: [`Identity provider ${provider.name} added.`, ...providerLines(provider)], json: provider };
  },
};

function wishedOf(here: Here, name: string, options: Options): Wished {
  const [issuer, audiences] = [textOf(options.issuer), listOf(options.audience)];
  if (issuer === undefined) throw misunderstood('Say whose tokens: --issuer, as they say it in iss');
  if (audiences === undefined) throw misunderstood('Say for whom they are: --audience, as they say it in aud');
  return {
    ...{ name, issuer, audiences, ...keysIn(here, options), enabled: options.disabled !== true },
    ...{ algorithms: algorithmsIn(options), subjectClaim: textOf(options['subject-claim']) },
    ...{ emailClaim: textOf(options['email-claim']), teamClaim: textOf(options['team-claim']) },
    clockSkewSeconds: secondsIn(options, 'clock-skew'),
    lifetimeSecondsMax: secondsIn(options, 'lifetime'),
  };
}

/** Commas part them, as no audience that is an address has one. */
const listOf = (option: Options[string]): string[] | undefined =>
  textOf(option)
    ?.split(',')
    .map((one) => one.trim());

function keysIn(here: Here, options: Options): Pick<Wished, 'jwksUri' | 'jwks'> {
  const [jwksUri, file] = [textOf(options['jwks-uri']), textOf(options['jwks-file'])];
  if ((jwksUri === undefined) === (file === undefined)) {
    throw misunderstood('Say where its keys are: --jwks-uri, or --jwks-file with the keys themselves, and not both');
  }
  return file === undefined ? { jwksUri } : { jwks: jwksIn(here.files.read(file)) };
}

function jwksIn(text: string): Wished['jwks'] {
  try {
    return JSON.parse(text);
  } catch {
    throw misunderstood('--jwks-file must be a JSON Web Key Set: {"keys": […]}');
  }
}

function algorithmsIn(options: Options): Wished['algorithms'] {
  return listOf(options.algorithms)?.map((text) => {
    const known = EXTERNAL_ALGORITHMS.find((one) => one === text);
    if (known === undefined) throw misunderstood(`--algorithms must be of ${EXTERNAL_ALGORITHMS.join(', ')}`);
    return known;
  });
}

function secondsIn(options: Options, option: string): number | undefined {
  const text = textOf(options[option]);
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw misunderstood(`--${option} must be a whole number of seconds`);
}

/** Nothing of the token is printed: neither it nor, where its provider is not believed, what it says. */
export const idpTest: Command = {
  takes: 'NAME-or-ID [--token-file FILE]',
  words: 1,
  options: { 'token-file': 'string' },
  async run(here, [word = ''], options) {
    const { invoke } = connection(here, options);
    const { id } = await providerBy(invoke, word);
    const file = textOf(options['token-file']);
    const text = file === undefined ? await typed(here, 'Token to test') : here.files.read(file);
    const token = new Sensitive(text.trim());
    const told = await invoke('ownTestProvider', { id, token: token.reveal() });
    const lines = told.steps.map(({ step, passed, about }) =>
      `${passed ? 'passed' : 'failed'}  ${step}`.concat(about === null ? '' : `: ${about}`),
    );
    const who = told.accepted ? `Accepted, as ${told.principal?.name}.` : 'Not accepted.';
    return { lines: [...lines, who], json: told, exit: told.accepted ? EXIT.done : EXIT.refused };
  },
};

const turning = (enabled: boolean, told: string): Command => ({
  takes: 'NAME-or-ID',
  words: 1,
  options: {},
  async run(here, [word = ''], options) {
    const { invoke } = connection(here, options);
    const known = await providerBy(invoke, word);
    const { provider } = await invoke('ownPutProvider', { id: known.id, ...definitionOf(known), enabled });
    return { lines: [`${provider.name} ${told}`], json: provider };
  },
});

export const idpEnable = turning(true, 'is believed again.');
export const idpDisable = turning(false, 'is disabled: nobody comes in by its tokens.');

export const idpRm: Command = {
  takes: 'NAME-or-ID [--force] [--yes]',
  words: 1,
  options: { force: 'boolean', yes: 'boolean' },
  async run(here, [word = ''], options) {
    const { invoke } = connection(here, options);
    const { id, name } = await providerBy(invoke, word);
    await agreed(here, options, `Delete the identity provider ${printable(name)}? None of its tokens works then.`);
    const force = options.force === true ? ({ force: 'true' } as const) : {};
    const { mapped } = await invoke('ownDeleteProvider', { id, ...force });
    const unmapped = mapped === 0 ? [] : [`${mapped} mappings by it are gone.`];
    return { lines: [`Identity provider ${name} deleted.`, ...unmapped], json: { id, name, mapped } };
  },
};
