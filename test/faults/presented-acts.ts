import { Sensitive } from '#domain/sensitive.ts';
import type { Served } from '#support/process.ts';
import { type Act, act } from './act.ts';
import { adminToken } from './base.ts';
import { clientOf, standingOf } from './client.ts';

const revoke = (served: Served, by: string, token: string) =>
  served.send({
    ...{ method: 'POST', path: '/oauth2/revoke', token: new Sensitive(by) },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token }).toString(),
  });

/** What whoever holds a token does to it, without knowing whose it is. */
export const presentedActs = (data: () => Promise<string>) => {
  const made = (served: Served, at: string) => clientOf(served, adminToken(at)).create('presented');
  const standing = (served: Served, value: string) => standingOf(served, value);
  return {
    'token:RevokePresented': act({
      ...{ data, arrange: made, standing, before: 200, after: 401 },
      act: (served, value, at) => revoke(served, adminToken(at), value),
    }),
    'token:RevokeItself': act({
      ...{ data, arrange: made, standing, before: 200, after: 401 },
      act: (served, value) => revoke(served, value, value),
    }),
  } as const satisfies Record<string, Act<unknown>>;
};
