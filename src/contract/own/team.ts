import * as z from 'zod';
import { ACTIONS } from '#domain/permission.ts';
import { id } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { TEAM_ABSENT } from '../team-words.ts';
import { pageQuery } from '../wire/page.ts';

const named = z.strictObject({ id: z.string(), name: z.string() });

const loss = z.strictObject({
  ...named.shape,
  /** Roles that nothing else gives them; `*` is the whole tenant. */
  roles: z.array(z.strictObject({ ...named.shape, resource: z.string() })),
  /** What they may not do any more, anywhere or on one thing. */
  actions: z.array(z.enum(ACTIONS)),
});

export const TEAM_REMOVAL_OPERATIONS = {
  ownGetTeamRemoval: {
    surface: 'own',
    method: 'GET',
    path: '/api/v1/teams/{id}/removal',
    access: 'caller',
    action: 'team:DeleteTeam',
    existence: 'hide',
    absence: TEAM_ABSENT,
    effect: 'reads',
    reveals: false,
    summary: 'What the removal of a team would take away: who loses what, and how many tokens are put down to it',
    input: { path: z.strictObject({ id }), query: z.strictObject(pageQuery) },
    output: z.strictObject({
      team: named,
      /** They stay, and are put down to nobody. */
      tokens: z.int(),
      /** Virtual accounts that it owns: they stay, and are the administrators' to manage. */
      accounts: z.int(),
      data: z.array(loss),
      pagination: z.strictObject({ total: z.int(), offset: z.int(), limit: z.int() }),
    }),
  },
} as const satisfies Operations;
