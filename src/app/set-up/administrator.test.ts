import { expect, test } from 'vitest';
import { parsePassword } from '#domain/password.ts';
import { parseEmail } from '#domain/principal.ts';
import { openCore } from '#support/core.ts';
import { setUpAdministrator } from './administrator.ts';

test('the first administrator stands in the audit by id; there is no second one', async () => {
  const core = await openCore();
  const setUp = (name: string) =>
    setUpAdministrator(core.deps, core.tenant, {
      ...{ email: parseEmail(`${name}@example.com`), password: parsePassword('a long password'), token: false },
    });
  await setUp('first');
  await expect(setUp('second')).rejects.toMatchObject({ code: 'conflict' });
  const [user, ...others] = await core.rows('select id from principal');
  expect([others, (await core.audit()).map(({ resource }) => resource)]).toEqual([[], [`user/${user?.id}`]]);
});
