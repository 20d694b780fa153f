import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { parseEmail } from '#domain/principal.ts';
import type { PatId } from '#domain/token.ts';
import { type Core, openCore } from '#support/core.ts';
import { revokeAllPats, revokePat } from './revoke.ts';

let core: Core;
let ada: Caller;
let admin: Caller;
beforeEach(async () => {
  core = await openCore();
  ada = await core.user('ada', 'tenant-member');
  admin = await core.user('root', 'tenant-admin');
});

const idOf = async (name: string) =>
  (await core.rows('select id from personal_access_token where name = ?', name))[0]?.id as PatId;
const ends = () => core.rows('select name, ended_at, ended_by, end_reason from personal_access_token order by name');
const acts = async () => (await core.audit()).map(({ action, resource, details }) => ({ action, resource, details }));

describe('revoking one', () => {
  test('ends it, once: whoever asks again is told the same, and the first end stays', async () => {
    await core.pat(ada, 'deploy');
    const first = core.clock.now();
    await revokePat(core.deps, ada, await idOf('deploy'));
    core.clock.advance(5_000);
    await revokePat(core.deps, ada, await idOf('deploy'));
    expect(await ends()).toEqual([
      { name: 'deploy', ended_at: first, ended_by: ada.principal.id, end_reason: 'deleted' },
    ]);
    expect((await acts()).at(-1)).toEqual({
      ...{ action: 'personal-access-token:Revoke', resource: `personal-access-token/${await idOf('deploy')}` },
      details: { reason: 'deleted' },
    });
  });

  test('another’s is as absent as none, even to an administrator', async () => {
    await core.pat(ada, 'deploy');
    await expect(revokePat(core.deps, admin, await idOf('deploy'))).rejects.toMatchObject({ code: 'not_found' });
    expect(await ends()).toMatchObject([{ ended_at: null }]);
  });
});

describe('revoking all of a user', () => {
  test('ends what stands, says how many, and names by whom', async () => {
    for (const name of ['one', 'two', 'gone']) await core.pat(ada, name);
    await core.pat(admin, 'others');
    await revokePat(core.deps, ada, await idOf('gone'));
    expect(await revokeAllPats(core.deps, admin, parseEmail(ada.principal.name))).toBe(2);
    expect(await revokeAllPats(core.deps, admin, parseEmail(ada.principal.name))).toBe(0);
    const by = { ended_at: core.clock.now(), ended_by: admin.principal.id, end_reason: 'revoked_all' };
    expect(await ends()).toEqual([
      { name: 'gone', ended_at: core.clock.now(), ended_by: ada.principal.id, end_reason: 'deleted' },
      { name: 'one', ...by },
      { name: 'others', ended_at: null, ended_by: null, end_reason: null },
      { name: 'two', ...by },
    ]);
    const act = { action: 'personal-access-token:RevokeAll', resource: `user/${ada.principal.id}` };
    expect((await acts()).slice(-2)).toEqual([
      { ...act, details: { count: 2, reason: 'revoked_all' } },
      { ...act, details: { count: 0, reason: 'revoked_all' } },
    ]);
  });

  test('one that was changed by hand keeps no other from ending; it is named in the audit, and nobody believes it any more', async () => {
    const [changed, other] = [await core.pat(ada, 'changed'), await core.pat(ada, 'other')];
    expect([await core.standing(changed), await core.standing(other)]).toEqual(['ok', 'ok']);
    await core.tamper(`update personal_access_token set created_at = created_at + 1 where name = 'changed'`);
    expect(await revokeAllPats(core.deps, admin, parseEmail(ada.principal.name))).toBe(1);
    const [row] = await core.rows(`select id from personal_access_token where name = 'changed'`);
    expect((await core.audit()).at(-1)?.details).toEqual({ count: 1, reason: 'revoked_all', unproved: [row?.id] });
    expect(await core.standing(other)).toBe('revoked');
    await expect(core.standing(changed)).rejects.toMatchObject({ code: 'internal' });
  });

  test.each([
    { who: 'a member', email: 'root@example.com', code: 'forbidden' },
    { who: 'a member', email: 'nobody@example.com', code: 'forbidden' },
    { who: 'an administrator', email: 'nobody@example.com', code: 'not_found' },
  ])('by $who, of $email: $code, and nothing ends', async ({ who, email, code }) => {
    await core.pat(admin, 'deploy');
    const caller = who === 'a member' ? ada : admin;
    await expect(revokeAllPats(core.deps, caller, parseEmail(email))).rejects.toMatchObject({ code });
    expect(await ends()).toMatchObject([{ ended_at: null }]);
    expect((await core.audit()).at(-1)).toMatchObject({
      action: 'personal-access-token:RevokeAll',
      decision: 'denied',
    });
  });
});
