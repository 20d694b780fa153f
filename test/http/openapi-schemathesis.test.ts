import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { OPERATION_IDS, OPERATIONS, type OperationId } from '#contract/operations.ts';
import { temporaryFolder } from '#support/folder.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { ADMIN_EMAIL, ADMIN_PASSWORD } from '#support/process.ts';
import { type Instance, instance } from '../clients/instance.ts';
import { outcomeOf } from '../clients/program.ts';
import { cookieIn, form } from './asked.ts';

/** Some hundred requests for each operation; the machine may be busy. */
vi.setConfig({ testTimeout: 10 * 60_000 });

const SETTINGS = join(import.meta.dirname, 'schemathesis');
const HOOKS = join(SETTINGS, 'hooks.py');
const SEED = '1';
const EXAMPLES_MAX = '25';

const OFFERED = OPERATION_IDS.filter((id) => !('refused' in OPERATIONS[id]));

/** The tool asks with ids that it was answered with: these would end the very token that it asks with. A session outlives them. */
const ENDS_TOKENS: readonly OperationId[] = [
  'wireDeletePat',
  'wireRevokeAllPats',
  'ownRevokeToken',
  'ownRevokeUserTokens',
];
/** What they end, and what shows it. */
const MAKES_TOKENS: readonly OperationId[] = ['wireCreatePat', 'ownCreateToken', 'ownListTokens', 'wireListPats'];
/** Changes what the others take, and so is asked alone. */
const SETS_LIMITS: readonly OperationId[] = ['ownPutTokenSettings'];

type Pass = {
  readonly ids: readonly OperationId[];
  readonly by: 'token' | 'session';
  readonly phases: string;
};
const ONE_BY_ONE = 'examples,coverage,fuzzing';
const PASSES: readonly Pass[] = [
  { by: 'token', phases: ONE_BY_ONE, ids: OFFERED.filter((id) => ![...ENDS_TOKENS, ...SETS_LIMITS].includes(id)) },
  { by: 'session', phases: `${ONE_BY_ONE},stateful`, ids: [...ENDS_TOKENS, ...MAKES_TOKENS] },
  { by: 'session', phases: ONE_BY_ONE, ids: SETS_LIMITS },
];

type Report = {
  readonly complete: boolean;
  readonly operations: object;
  readonly test_cases: { readonly generated: number };
  readonly failures: readonly unknown[];
  readonly errors: readonly unknown[];
  readonly warnings: { readonly missing_auth: readonly string[] };
};

/** The administrator's, for the environment: arguments could be read by everybody on the machine. */
async function credentialsFor({ send, token }: Instance) {
  const signedIn = await send(form('/auth/sign-in', { email: ADMIN_EMAIL, password: ADMIN_PASSWORD }));
  return { TOKEN: token.reveal(), COOKIE: cookieIn(signedIn) };
}

async function reportOf({ ids, by, phases }: Pass, origin: string, env: Readonly<Record<string, string>>) {
  const folder = temporaryFolder();
  const report = join(folder, 'report.json');
  const args = [
    ...['--config-file', join(SETTINGS, `by-${by}.toml`), 'run', `${origin}/api/openapi.json`],
    ...['--phases', phases, '--max-examples', EXAMPLES_MAX, '--seed', SEED, '--continue-on-failure', '--no-color'],
    ...['--report', 'json', '--report-json-path', report],
    ...ids.flatMap((id) => ['--include-operation-id', id]),
  ];
  const { code, out, err } = await outcomeOf(usePart('schemathesis').schemathesis, args, { env, cwd: folder });
  expect({ code, said: code === 0 ? '' : `${out}${err}` }).toEqual({ code: 0, said: '' });
  return JSON.parse(readFileSync(report, 'utf8')) as Report;
}

/** Takes an old password, which nobody guesses: it answers 403 and nothing else. */
const GUESSED = '/users/change-password';

describe.skipIf(!has('schemathesis'))(needing('schemathesis', 'the server against its own document'), () => {
  test('every operation takes what the document says, refuses what it does not, and answers as it says', async () => {
    const served = await instance();
    const env = { HOOKS, PYTHONDONTWRITEBYTECODE: '1', ...(await credentialsFor(served)) };
    const covered = new Set<OperationId>();
    let cases = 0;
    for (const pass of PASSES) {
      const { complete, operations, test_cases, failures, errors, warnings } = await reportOf(pass, served.origin, env);
      const count = pass.ids.length;
      expect({ complete, operations, failures, errors }).toMatchObject({
        ...{ complete: true, failures: [], errors: [] },
        operations: { total: OFFERED.length, selected: count, tested: count, errored: 0, skipped: 0 },
      });
      // Or it would have been turned away before anything was looked at.
      const refused = (warnings.missing_auth as readonly string[]).filter((one) => !one.endsWith(GUESSED));
      expect(refused).toEqual([]);
      for (const id of pass.ids) covered.add(id);
      cases += test_cases.generated;
    }
    console.log(`${covered.size} operations were asked ${cases} times by schemathesis`);
    expect([...covered].sort()).toEqual([...OFFERED].sort());
    const { status } = await served.send({ method: 'GET', path: '/health' });
    expect(status).toBe(200);
    expect(served.said()).not.toMatch(/"level":(50|60)|"level":"(error|fatal)"/);
  });
});
