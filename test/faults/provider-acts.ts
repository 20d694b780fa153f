import { expect } from 'vitest';
import type { Served } from '#support/process.ts';
import { act, byAdmin, preparedBy } from './act.ts';
import { rowsIn } from './database.ts';

const PROVIDERS = '/api/v1/identity-providers';
const SAID = { name: 'builds', issuer: 'https://idp.example', jwksUri: 'https://idp.example/keys' };
/** What is believed, and for which audiences: rows of two tables, which change together. */
const BELIEVED = `select p.name, p.enabled, a.audience from identity_provider p
  join identity_audience a on a.provider = p.id order by a.audience`;

async function provided(served: Served, data: string): Promise<void> {
  const { status, text } = await byAdmin(served, data, 'POST', PROVIDERS, { ...SAID, audiences: ['old', 'kept'] });
  expect({ status, text }).toMatchObject({ status: 200 });
}

/** Acts by which it changes whose tokens are believed. */
export const providerActs = (copy: () => Promise<string>) => ({
  'identity-provider:ManageIdentityProviders': act({
    data: () => preparedBy(copy, provided),
    arrange: async (_served, data) =>
      String((rowsIn(data, 'select id from identity_provider')[0] as { id: string }).id),
    act: (served, id, data) => {
      const said = { ...SAID, name: 'renamed', enabled: false, audiences: ['kept', 'new'] };
      return byAdmin(served, data, 'PUT', `${PROVIDERS}/${id}`, said);
    },
    standing: async (_served, _id, data) => rowsIn(data, BELIEVED),
    before: [
      { name: 'builds', enabled: 1, audience: 'kept' },
      { name: 'builds', enabled: 1, audience: 'old' },
    ],
    after: [
      { name: 'renamed', enabled: 0, audience: 'kept' },
      { name: 'renamed', enabled: 0, audience: 'new' },
    ],
  }),
});
