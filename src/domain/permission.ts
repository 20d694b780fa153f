/** Everything that is decided about. API: permissions are granted, denied and audited by these words. */
export const ACTIONS = [
  'personal-access-token:List',
  'personal-access-token:Create',
  'personal-access-token:Rename',
  'personal-access-token:Revoke',
  'personal-access-token:RevokeAll',
  'personal-access-token:CreateForUser',
  'settings:Read',
  'settings:Update',
  'user:ManageUsers',
  'user:IssuePasswordLink',
  'workspace:ListWorkspaces',
  'session:Create',
  'session:End',
  'signing-key:Rotate',
  'tenant:SetUp',
  'tenant:IssueSetUpLink',
  'invitation:Accept',
  'personal-access-token:Deliver',
  'personal-access-token:UseAfterEnd',
  'personal-access-token:Purge',
  'job:List',
  'job:Retry',
  'metrics:Read',
] as const;
export type Action = (typeof ACTIONS)[number];

const OWN = [
  'personal-access-token:List',
  'personal-access-token:Create',
  'personal-access-token:Rename',
  'personal-access-token:Revoke',
  'workspace:ListWorkspaces',
] as const satisfies readonly Action[];

/** On what other people hold. */
const OTHERS = [
  'personal-access-token:RevokeAll',
  'personal-access-token:CreateForUser',
] as const satisfies readonly Action[];

/** What everybody may who is signed in, whatever they hold: who lost all their roles must still be able to leave. */
const EVERYBODY = ['session:End'] as const satisfies readonly Action[];

/** Roles that are granted to people. The ids are the public product's. */
export const ROLES = {
  'tenant-admin': [...OWN, ...OTHERS, 'settings:Read', 'settings:Update', 'user:ManageUsers', 'metrics:Read'],
  'tenant-member': OWN,
} as const satisfies Record<string, readonly Action[]>;
export type Role = keyof typeof ROLES;

/** A role on a resource, held by a principal. `*` is the whole tenant, the only resource that is granted yet. */
export type Grant = { readonly role: Role; readonly resource: '*' };

/** Grants as a decision needs them. Never stored, always compiled from rows. */
export type Rights = {
  readonly roles: readonly Role[];
  readonly actions: ReadonlySet<Action>;
  /** The same, in order, as they are shown. */
  readonly listed: readonly Action[];
};

const compiled = new Map<string, Rights>();

/** One object for each set of roles: thousands of remembered tokens share it. */
export function compile(grants: readonly Grant[]): Rights {
  const roles = [...new Set(grants.map(({ role }) => role))].sort();
  const key = roles.join();
  const rights = compiled.get(key) ?? rightsTo([...EVERYBODY, ...roles.flatMap((role) => ROLES[role])], roles);
  compiled.set(key, rights);
  return rights;
}

/** Rights that no role gives: of the program itself, and of whoever has just proved who they are. */
export const rightsTo = (actions: readonly Action[], roles: readonly Role[] = []): Rights => ({
  roles,
  actions: new Set(actions),
  listed: [...new Set(actions)].sort(),
});

export const allows = (rights: Rights, action: Action): boolean => rights.actions.has(action);
