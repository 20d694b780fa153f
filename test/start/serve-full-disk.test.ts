import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { has, needing } from '#support/parts.ts';
import { type Served, serve, serving, unattended } from '#support/process.ts';
import { adminToken } from '../faults/base.ts';
import { clientOf, PATS, standingOf } from '../faults/client.ts';
import { defectsIn, rowsIn } from '../faults/database.ts';
import { disk, fill } from './disk.ts';

const createIn = (served: Served, data: string, name: string) =>
  served.send({
    method: 'POST',
    path: PATS,
    headers: { authorization: `Bearer ${adminToken(data)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });

describe.skipIf(!has('tmpfs'))(needing('tmpfs', 'a disk'), () => {
  test.each(['4k', '64k', '256k'])(
    'of %s is full at a first start: refused in words, and with room it goes on',
    async (size) => {
      const { folder, remount } = disk(size);
      const refused = await serve(folder, unattended(folder));
      expect(refused).toMatchObject({
        code: 1,
        said: expect.stringMatching(/disk is full|disk that is full|files failed/),
      });
      expect(refused).toMatchObject({ said: expect.not.stringMatching(/\n\s+at /) });
      remount('size=4m');
      const served = await serving(folder, unattended(folder));
      expect(await standingOf(served, adminToken(folder))).toBe(200);
      expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
      expect(defectsIn(folder)).toEqual([]);
    },
  );

  test('that fills up while we run costs creates, not verification, leaves nothing half, and needs no restart', async () => {
    const { folder } = disk('2m');
    const served = await serving(folder, unattended(folder));
    const client = clientOf(served, adminToken(folder));
    const [used, unused] = [await client.create('before-used'), await client.create('before-unused')];
    expect(await standingOf(served, used)).toBe(200);
    fill(join(folder, 'filler'));
    const { refused, created } = await untilRefused((name) => createIn(served, folder, name));
    expect(refused).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      text: expect.stringContaining('your API key is not the problem'),
    });
    expect([await standingOf(served, used), await standingOf(served, unused)]).toEqual([200, 200]);
    const listed = await served.send({ method: 'GET', path: `${PATS}?limit=1`, headers: bearer(folder) });
    expect(listed).toMatchObject({ status: 200 });
    expect(served.said()).toContain('the database cannot be used: the disk is full');
    rmSync(join(folder, 'filler'));
    const after = await client.create('after');
    expect(await standingOf(served, after)).toBe(200);
    const late = rowsIn(folder, `select name from personal_access_token where name like 'late-%' order by created_at`);
    expect(late).toEqual(created.map((name) => ({ name })));
    expect(defectsIn(folder)).toEqual([]);
    served.process.kill('SIGTERM');
    expect(await served.ended).toMatchObject({ code: 0 });
  });

  test('that is full when we stop does not keep us, and loses nothing that was answered', async () => {
    const { folder } = disk('2m');
    const served = await serving(folder, unattended(folder));
    const token = await clientOf(served, adminToken(folder)).create('before');
    fill(join(folder, 'filler'));
    await untilRefused((name) => createIn(served, folder, name));
    served.process.kill('SIGTERM');
    expect(await served.ended).toMatchObject({ code: 0 });
    rmSync(join(folder, 'filler'));
    const again = await serving(folder);
    expect(await standingOf(again, token)).toBe(200);
    expect(defectsIn(folder)).toEqual([]);
  });

  test('that is read-only is refused at a start with what to do', async () => {
    const { folder, remount } = disk('4m');
    const first = await serving(folder, unattended(folder));
    first.process.kill('SIGTERM');
    await first.ended;
    remount('ro');
    const refused = await serve(folder);
    expect(refused).toMatchObject({
      code: 1,
      said: `countersign: The data folder ${folder} is on a read-only file system. Mount it writable, or choose another.\n`,
    });
    remount('rw');
    expect(await standingOf(await serving(folder), adminToken(folder))).toBe(200);
  });
});

const bearer = (data: string) => ({ authorization: `Bearer ${adminToken(data)}` });

const CREATES_MAX = 200;

/** A page that was begun may take some more: those are answered, and must be there. */
async function untilRefused(create: (name: string) => ReturnType<Served['send']>) {
  const created: string[] = [];
  for (let at = 0; at < CREATES_MAX; at++) {
    const name = `late-${at}`;
    const answer = await create(name);
    if (answer.status !== 200) return { refused: answer, created };
    created.push(name);
  }
  throw new Error('a full disk refuses nothing');
}
