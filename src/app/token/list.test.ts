import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import type { PatId } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { type Core, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import { putTokenSettings } from '../settings/token-settings.ts';
import { getPat, listPats } from './list.ts';
import { revokePat } from './revoke.ts';
import { shown } from './shown.ts';

const DAY_MS = 86_400_000;
const SHOWN_MS = 90 * DAY_MS;
const ALL = { limit: 99, offset: 0, nameContains: '' };

let core: Core;
let deps: Deps;
let ada: Caller;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  ada = await core.user('ada', 'tenant-member');
});

const idOf = async (name: string) =>
  (await core.rows('select id from personal_access_token where name = ?', name))[0]?.id as PatId;
const states = async (caller = ada) => {
  const { rows } = await listPats(deps, caller, { ...ALL, isRevokedToo: true });
  return Object.fromEntries((await shown(deps, caller, rows)).map(({ pat, state }) => [pat.name, state]));
};

test('a revoked one is listed for ninety days where it is asked for, and never where it is not', async () => {
  await core.pat(ada, 'gone');
  await core.pat(ada, 'live');
  await revokePat(deps, ada, await idOf('gone'), 'leaked');
  const names = async (isRevokedToo: boolean) =>
    (await listPats(deps, ada, { ...ALL, isRevokedToo })).rows.map(({ pat }) => pat.name).sort();
  expect([await names(true), await names(false)]).toEqual([['gone', 'live'], ['live']]);
  core.clock.advance(SHOWN_MS - 1);
  expect(await names(true)).toEqual(['gone', 'live']);
  core.clock.advance(1);
  expect(await names(true)).toEqual(['live']);
});

test('one is found by its id, with who ended it, when and why', async () => {
  await core.pat(ada, 'gone');
  await revokePat(deps, ada, await idOf('gone'), 'leaked');
  const ended = { at: core.clock.now(), by: ada.principal.id, reason: 'leaked' };
  expect((await getPat(deps, ada, await idOf('gone'))).pat).toMatchObject({ name: 'gone', ended });
});

test('another’s is as absent as none, and both are denied alike', async () => {
  await core.pat(ada, 'adas');
  const root = await core.user('root', 'tenant-admin');
  for (const id of [await idOf('adas'), 'x'.repeat(24) as PatId]) {
    await expect(getPat(deps, root, id)).rejects.toMatchObject({ code: 'not_found' });
  }
  expect((await core.audit()).at(-1)).toMatchObject({ action: 'personal-access-token:List', decision: 'denied' });
});

test('each is shown as it stands by what verifying goes by: date, age, idleness, revocation', async () => {
  const tokens = { young: await core.pat(ada, 'young', core.clock.now() + 9 * DAY_MS) };
  const dated = await core.pat(ada, 'dated', core.clock.now() + DAY_MS);
  await core.pat(ada, 'gone');
  await revokePat(deps, ada, await idOf('gone'));
  core.clock.advance(DAY_MS);
  expect(await states()).toEqual({ young: 'live', dated: 'expired', gone: 'revoked' });
  const root = await core.user('root', 'tenant-admin');
  for (const limit of [{ ageDaysMax: 1 }, { idleDaysMax: 1 }]) {
    await putTokenSettings(deps, root, { ...TOKEN_SETTINGS, ...limit });
    expect(await states()).toEqual({ young: 'expired', dated: 'expired', gone: 'revoked' });
    expect([await core.standing(tokens.young), await core.standing(dated)]).toEqual(['expired', 'expired']);
  }
});
