import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ENTRANCES, type EntranceId } from '#contract/entrances.ts';
import { OPERATION_IDS, OPERATIONS } from '#contract/operations.ts';
import { sourcesIn } from './imports.ts';

test('plaintext leaves its type in these files only (I1)', () => {
  const reveals = (file: string) => /\breveal\(\)|\['reveal'\]/.test(readFileSync(`src/${file}`, 'utf8'));
  const files = sourcesIn('src').filter((file) => !file.endsWith('.test.ts'));
  expect(files.filter(reveals).sort()).toEqual([
    'api/link.ts', // into the link of an invitation, behind its #
    'api/wire/personal-access-token.ts', // into the answers of the two that mint tokens
    'crypto/delivery.ts', // into the sealed delivery
    'crypto/opaque-form.ts', // into its kind and checksum
    'crypto/opaque.ts', // into digests, cache key and preview
    'crypto/password.ts', // into argon2id
    'domain/sensitive.ts', // the way out itself
    'http/cookie.ts', // into the cookie of a session that has begun
    'main/bootstrap.ts', // into the file of an unattended first start
  ]);
});

test('plaintext leaves the server in the answers of these operations only (I1)', () => {
  expect(OPERATION_IDS.filter((id) => OPERATIONS[id].reveals)).toEqual([
    'wireCreatePat',
    'wireGetOrCreatePat',
    'wireInviteUser',
  ]);
});

test('these make a new credential, whatever their method', () => {
  const minting = [
    ...OPERATION_IDS.filter((id) => OPERATIONS[id].effect === 'mints'),
    ...(Object.keys(ENTRANCES) as EntranceId[]).filter((id) => ENTRANCES[id].effect === 'mints'),
  ];
  expect(minting).toEqual(['wireCreatePat', 'wireGetOrCreatePat', 'wireInviteUser', 'signIn', 'acceptInvitation']);
});
