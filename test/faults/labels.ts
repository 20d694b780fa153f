import { afterAll, expect } from 'vitest';
import { JOB_KINDS, type JobKind } from '#domain/job.ts';
import { ACTIONS, type Action } from '#domain/permission.ts';
import type { StepLabel } from '#ports/step.ts';

export const STEPS = ['decided', 'written', 'committed'] as const;
export type StepOfChange = (typeof STEPS)[number];

export const stepsOf = (...actions: readonly Action[]): readonly StepLabel[] =>
  actions.flatMap((action) => STEPS.map((step) => `${action}.${step}` as const));

/** Each kind of job, in the order in which they come. */
const STEPS_OF_JOBS = ['claimed', 'done', 'settled'] as const;
export const stepsOfJob = (kind: JobKind) => STEPS_OF_JOBS.map((step) => `job.${kind}.${step}` as const);
const JOB_LABELS = JOB_KINDS.flatMap(stepsOfJob);

/** Steps that are neither a change's nor a job's. */
const OTHERS = Object.keys({
  'keys.made': true,
  'migration.written': true,
  'bootstrap.part-written': true,
  'bootstrap.file-written': true,
} satisfies Record<
  Exclude<StepLabel, `${Action}.${StepOfChange}` | (typeof JOB_LABELS)[number]>,
  true
>) as readonly StepLabel[];

/** Roles can hold them already; the things themselves are not there yet. This list may only shrink. */
const TO_COME = ['secret-group', 'provider-account', 'mcp-server'] as const;
type OfWhatIsToCome = Extract<Action, `${(typeof TO_COME)[number]}:${string}`>;
export const isOfWhatIsToCome = (action: Action): action is OfWhatIsToCome =>
  TO_COME.some((type) => action.startsWith(`${type}:`));

/** Actions that nothing passes the change door for, so that no process can stop there. This list may only shrink. */
export const WITHOUT_CHANGE = {
  'personal-access-token:List': 'only looks',
  'workspace:ListWorkspaces': 'only looks',
  'settings:ListSettings': 'only looks',
  'job:List': 'only looks',
  'tenant:List': 'only looks',
  'metrics:Read': 'only looks',
  'token:Introspect': 'only looks',
  'user:ListUsers': 'only looks',
  'user:ReadAccess': 'only looks',
  'team:ReadTeam': 'only looks',
  'role:ListRoles': 'only looks',
  'virtual-account:ReadVirtualAccount': 'only looks',
  'identity-provider:ListIdentityProviders': 'only looks',
  'personal-access-token:UseAfterEnd': 'nobody decides on it: it is written behind, with the last uses',
  'virtual-account:UseAfterRetirement': 'as of personal access tokens',
} as const satisfies Partial<Record<Action, string>>;

export const ALL_LABELS: readonly StepLabel[] = [
  ...stepsOf(...ACTIONS.filter((action) => !(action in WITHOUT_CHANGE) && !isOfWhatIsToCome(action))),
  ...JOB_LABELS,
  ...OTHERS,
];

/** What each suite walks through, in the order in which it comes. */
export const FIRST_START: readonly StepLabel[] = [
  'migration.written',
  'keys.made',
  ...stepsOf('tenant:SetUp', 'user:ManageUsers'),
  'bootstrap.part-written',
  'bootstrap.file-written',
  ...stepsOf('personal-access-token:Deliver'),
];
export const UNDER_LOAD = ['personal-access-token:Create', 'personal-access-token:Revoke'] as const;
export const ONE_ACT = [
  'tenant:IssueSetUpLink',
  'invitation:Accept',
  'session:Create',
  'session:End',
  'token:RevokePresented',
  'token:RevokeItself',
  'personal-access-token:RevokeAll',
  'personal-access-token:Rename',
  'personal-access-token:CreateForUser',
  'settings:ManageSettings',
  'signing-key:Rotate',
  'user:ManageUsers',
  'user:IssuePasswordLink',
  'user:ChangePassword',
  'team:CreateTeam',
  'team:ManageTeam',
  'team:DeleteTeam',
  'role:ManageRoles',
  'tenant:AssignRole',
  'virtual-account:CreateVirtualAccount',
  'virtual-account:ManageVirtualAccount',
  'virtual-account:DeleteVirtualAccount',
  'identity-provider:ManageIdentityProviders',
  'tenant:Create',
  'tenant:Disable',
  'tenant:Enable',
  'tenant:NameOrigin',
  'tenant:NameAlias',
] as const;

/** What operators change of jobs, and what a job changes. */
export const OPERATORS_OF_JOBS = ['job:Retry'] as const;
export const OF_ACCOUNTS = ['virtual-account:Rotate', 'virtual-account:Contain'] as const;
export const IN_JOBS: readonly StepLabel[] = [
  ...JOB_LABELS,
  ...stepsOf('personal-access-token:Purge', ...OF_ACCOUNTS, ...OPERATORS_OF_JOBS),
];

/** Counts where processes stopped, prints it, and fails for a place where none did: it would prove nothing. */
export function stopsAt(places: readonly string[]): { stopped(place: string): void } {
  const stops = new Map(places.map((place) => [place, 0]));
  afterAll(() => {
    const lines = [...stops].map(([place, count]) => `stopped ${String(count).padStart(3)} × at ${place}`);
    console.log(lines.join('\n'));
    expect([...stops].filter(([, count]) => count === 0).map(([place]) => place)).toEqual([]);
  });
  return {
    stopped(place) {
      expect([...stops.keys()]).toContain(place);
      stops.set(place, (stops.get(place) ?? 0) + 1);
    },
  };
}
