import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { instance, memberOf } from '../clients/instance.ts';
import { countersign, pipeline } from './program.ts';

const server = await instance();
const run = (...args: readonly string[]) => countersign(args, { env: pipeline(server) });
const json = async (...args: readonly string[]) => JSON.parse((await run(...args, '--json')).out);

describe('users', () => {
  test('one is invited: the link goes into a file of one’s own, and stands nowhere else', async () => {
    const file = join(temporaryFolder(), 'link');
    const { code, out, err } = await run('users', 'invite', 'bob@example.com', '--out', file);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const link = readFileSync(file, 'utf8').trim();
    expect(link).toMatch(/\/invitation#cs_invitation_/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(out).not.toContain(link.split('#')[1]);
    expect((await run('users', 'list')).out).toMatch(
      /^\| bob@example.com +\| \w{24} \| tenant-member +\| not signed in yet/m,
    );
  });

  test('without a place for the link nobody is registered', async () => {
    const { code, err } = await run('users', 'invite', 'carol@example.com');
    expect({ code, told: err }).toEqual({ code: 1, told: expect.stringContaining('--out FILE') });
    expect(await json('users', 'list', '--search', 'carol')).toEqual([]);
  });

  test('one is shut out, with their tokens, and let in again without', async () => {
    const member = await memberOf(server);
    const { principal } = JSON.parse((await countersign(['whoami', '--json'], { env: pipeline(member) })).out);
    const asked = await run('users', 'deactivate', principal.name);
    expect(asked).toMatchObject({ code: 1, err: expect.stringContaining('--yes') });
    expect(await json('users', 'deactivate', principal.name, '--yes')).toMatchObject({ tokens: 1, id: principal.id });
    expect((await countersign(['whoami'], { env: pipeline(member) })).err).toContain('does not accept the key');
    expect(await json('users', 'list', '--search', principal.name)).toEqual([]);
    const [row] = await json('users', 'list', '--search', principal.name, '--all');
    expect(row).toMatchObject({ id: principal.id, active: false });
    expect((await run('users', 'activate', principal.name)).code).toBe(0);
    expect(await json('users', 'list', '--search', principal.name)).toMatchObject([{ active: true }]);
    expect((await countersign(['whoami'], { env: pipeline(member) })).code).toBe(1);
  });

  test('whoever may not is told so, and an address that is not there as well', async () => {
    const member = await memberOf(server);
    const denied = await countersign(['users', 'deactivate', 'bob@example.com', '--yes'], { env: pipeline(member) });
    expect(denied).toMatchObject({ code: 1, err: expect.stringContaining('Only a tenant admin') });
    expect(await run('users', 'activate', 'nobody@example.com')).toMatchObject({
      ...{ code: 1, err: expect.stringContaining('no user with this e-mail address') },
    });
  });

  test('what is no command of theirs is told with those that are', async () => {
    expect((await run('users', 'eat')).err).toContain('Those of users: list, invite, deactivate, activate.');
  });
});

describe('teams', () => {
  test('one is made, filled, emptied and deleted, and says first who loses what', async () => {
    const member = await memberOf(server);
    const { principal } = JSON.parse((await countersign(['whoami', '--json'], { env: pipeline(member) })).out);
    const team = await json('teams', 'create', 'platform', '--description', 'Those who run it');
    expect((await run('teams', 'add', 'platform', principal.name, '--manager')).out).toContain(
      'is a manager of platform',
    );
    expect((await run('teams', 'list')).out).toMatch(
      new RegExp(`^\\| platform +\\| ${team.id} .*${principal.name}`, 'm'),
    );
    expect((await countersign(['teams', 'list'], { env: pipeline(member) })).out).toContain(team.id);
    expect((await run('teams', 'rm', 'platform', principal.name)).code).toBe(0);
    expect((await countersign(['teams', 'list'], { env: pipeline(member) })).out).not.toContain(team.id);
    expect(await run('teams', 'delete', 'platform')).toMatchObject({
      ...{ code: 1, err: expect.stringContaining('0 tokens are put down to it') },
    });
    expect((await run('teams', 'delete', 'platform', '--yes')).code).toBe(0);
    expect((await run('teams', 'delete', 'platform', '--yes')).code).toBe(1);
  });
});

describe('roles and grants', () => {
  test('a role is made, given, explained, taken back and deleted', async () => {
    const member = await memberOf(server);
    const env = pipeline(member);
    const { principal } = JSON.parse((await countersign(['whoami', '--json'], { env })).out);
    const subject = `user:${principal.name}`;
    const mayThey = () => countersign(['can-i', 'settings:ListSettings'], { env });
    expect(await mayThey()).toMatchObject({ code: 1, out: 'no\n' });
    expect((await countersign(['why', 'settings:ListSettings'], { env })).out).toMatch(
      /may not: settings:ListSettings is missing\.\nWho could give it: .*admin@example\.com/,
    );
    const role = await json('roles', 'create', 'reads-settings', '--permissions', 'settings:ListSettings');
    expect((await run('roles', 'list')).out).toContain(role.id);
    expect((await run('roles', 'show', 'reads-settings')).out).toContain('settings:ListSettings');
    const grant = await json('grants', 'add', subject, 'reads-settings');
    expect(await mayThey()).toMatchObject({ code: 0, out: 'yes\n' });
    expect((await run('why', 'settings:ListSettings', '--subject', subject)).out).toContain(
      'holds reads-settings on the tenant',
    );
    expect((await run('grants', 'list', '--subject', subject)).out).toContain(grant.id);
    expect(await run('roles', 'delete', 'reads-settings')).toMatchObject({
      code: 1,
      err: expect.stringContaining(subject),
    });
    expect((await run('grants', 'rm', grant.id)).code).toBe(0);
    expect(await mayThey()).toMatchObject({ code: 1 });
    expect((await run('roles', 'delete', 'reads-settings', '--yes')).code).toBe(0);
    expect((await run('roles', 'show', 'reads-settings')).code).toBe(1);
  });

  test('nobody gives what they do not hold, and an action that is none is not asked for', async () => {
    const member = await memberOf(server);
    const denied = await countersign(['grants', 'add', 'team:everyone', 'tenant-admin'], { env: pipeline(member) });
    expect(denied).toMatchObject({ code: 1, err: expect.stringContaining('tenant:AssignRole') });
    expect(await run('can-i', 'anything')).toMatchObject({ code: 2, err: expect.stringContaining('type:Action') });
  });
});
