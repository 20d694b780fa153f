import { beforeEach, describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { parseTokenName } from '#domain/token.ts';
import { nodeBeside } from '#support/beside.ts';
import { type Core, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import { withdrawSigningKeys } from '../signing-key/rotate.ts';
import { catchUp } from '../token/catch-up.ts';
import { createPat } from '../token/create.ts';
import { learnKeys } from './learn.ts';

const ROUNDS = 3;
const CREATES = 8;

let core: Core;
let beside: Deps;
let made: number;
beforeEach(async () => {
  core = await openCore();
  beside = await nodeBeside(core);
  made = 0;
});

const jwtFrom = async (node: Deps, ada: Parameters<typeof createPat>[1]) => {
  made += 1;
  return (await createPat(node, ada, { name: parseTokenName(`deploy-${made}`), format: 'jwt' })).value;
};
const kidOf = (jwt: Sensitive): string =>
  JSON.parse(Buffer.from(jwt.reveal().split('.')[0] ?? '', 'base64url').toString()).kid;
const onBoth = async (jwt: Sensitive) => [await core.standing(jwt), await core.standing(jwt, beside)];

describe('keys that another process has made, or withdrawn', () => {
  test('are those by which the next JWT is signed, before the feed has told of them; it is good on both at once', async () => {
    const ada = await core.user('ada', 'tenant-member');
    for (let round = 0; round < ROUNDS; round += 1) {
      const [here, there] = round % 2 === 0 ? [core.deps, beside] : [beside, core.deps];
      const { made: kid } = await withdrawSigningKeys(here, core.tenant);
      const jwt = await jwtFrom(there, ada);
      expect([kidOf(jwt), await onBoth(jwt)]).toEqual([kid, ['ok', 'ok']]);
    }
  });

  test('sign nothing that stays: whatever is created amid a withdrawal is good on both afterwards, or has ended', async () => {
    const ada = await core.user('ada', 'tenant-member');
    for (let round = 0; round < ROUNDS; round += 1) {
      const creating = Array.from({ length: CREATES }, (_, at) => jwtFrom(at % 2 === 0 ? core.deps : beside, ada));
      const [jwts] = await Promise.all([Promise.all(creating), withdrawSigningKeys(beside, core.tenant)]);
      await Promise.all([core.deps, beside].map(catchUp));
      for (const jwt of jwts) expect(new Set((await onBoth(jwt)).map((standing) => standing === 'ok')).size).toBe(1);
      expect(await core.rows(SIGNED_BY_NOBODY)).toEqual([]);
    }
  });

  test('are learnt in order, however many ask at once', async () => {
    const before = core.deps.keyring.ids();
    const learning = Array.from({ length: CREATES }, () => learnKeys(beside));
    await withdrawSigningKeys(core.deps, core.tenant);
    learning.push(...Array.from({ length: CREATES }, () => learnKeys(beside)));
    await Promise.all(learning);
    expect(beside.keyring.ids().toSorted()).toEqual(core.deps.keyring.ids().toSorted());
    expect(core.deps.keyring.ids()).not.toEqual(before);
  });

  test('are not what a JWT names that nobody has signed', async () => {
    const head = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid: 'k'.repeat(24) })).toString(
      'base64url',
    );
    expect(await onBoth(new Sensitive(`${head}.e30.${'A'.repeat(342)}`))).toEqual(['unknown', 'unknown']);
  });
});

/** Values that stand, of a key that does not. */
const SIGNED_BY_NOBODY = `select token.id from token join personal_access_token as pat on pat.id = token.pat
  where token.signed_by is not null and token.ended_at is null and pat.ended_at is null
  and token.signed_by not in (select id from wrapped_key)`;
