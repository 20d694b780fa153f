import { expect, test } from 'vitest';
import { OPERATION_IDS, OPERATIONS } from '#contract/operations.ts';
import type { Action } from '#domain/permission.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { type Served, serving } from '#support/process.ts';
import { byAdmin } from './act.ts';
import { adminToken, setUpOnce } from './base.ts';
import { clientOf, PATS } from './client.ts';
import { rowsIn } from './database.ts';
import {
  ALL_LABELS,
  FIRST_START,
  IN_JOBS,
  isOfWhatIsToCome,
  ONE_ACT,
  stepsOf,
  UNDER_LOAD,
  WITHOUT_CHANGE,
} from './labels.ts';

test('every step at which a process can be stopped is one at which a fault suite stops it', () => {
  const covered = new Set([...FIRST_START, ...stepsOf(...UNDER_LOAD, ...ONE_ACT), ...IN_JOBS]);
  expect([...covered].sort()).toEqual([...ALL_LABELS].sort());
});

test('nothing asks yet for what roles can hold of things that are to come', () => {
  expect(OPERATION_IDS.filter((id) => isOfWhatIsToCome(OPERATIONS[id].action as Action))).toEqual([]);
});

const once = setUpOnce();

test('what only looks, or is written behind, has no step to be stopped at', async () => {
  const data = await once.copy();
  const served = await serving(data, {
    stopAt: (Object.keys(WITHOUT_CHANGE) as Action[]).map((one) => `${one}.decided` as const),
  });
  const ask = async (path: string, value: string) =>
    (await served.send({ method: 'GET', path, token: new Sensitive(value) })).status;
  const admin = adminToken(data);
  const dead = await clientOf(served, admin).getOrCreate('dead');
  await clientOf(served, admin).revoke(dead.id);
  const robot = await replaced(served, data);
  const looks = [
    ...[PATS, '/api/svc/v1/workspaces', '/api/v1/settings/tokens', '/api/svc/v1/users', '/api/svc/v1/teams'],
    ...['/api/svc/v1/roles', '/api/svc/v1/authorize/permissions', '/api/svc/v1/virtual-accounts', robot.path],
  ];
  const asked = [...looks.map((path) => ask(path, admin)), ...[dead, robot].map(({ value }) => ask(PATS, value))];
  expect(await Promise.all(asked)).toEqual([...looks.map(() => 200), 401, 401]);
  served.process.kill('SIGTERM');
  expect(await served.ended).toMatchObject({ code: 0 });
  for (const action of ['personal-access-token:UseAfterEnd', 'virtual-account:UseAfterRetirement']) {
    const uses = `select decision from audit_entry where action = '${action}'`;
    expect(rowsIn(data, uses)).toEqual([{ decision: 'denied' }]);
  }
});

/** A virtual account, and the value of its that another has replaced. */
async function replaced(served: Served, data: string): Promise<{ readonly path: string; readonly value: string }> {
  const { text } = await byAdmin(served, data, 'POST', '/api/v1/virtual-accounts', { name: 'robot' });
  const { account, value } = JSON.parse(text) as { account: { id: string }; value: string };
  const path = `/api/v1/virtual-accounts/${account.id}`;
  expect((await byAdmin(served, data, 'POST', `${path}/regenerate`, { graceMinutes: 0 })).status).toBe(200);
  return { path, value };
}
