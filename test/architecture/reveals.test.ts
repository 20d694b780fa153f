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
    'api/own/token.ts', // into the answer of the one that mints
    'api/own/virtual-account.ts', // into the answers that mint a value of an account, and the one that reads it again
    'api/wire/personal-access-token.ts', // into the answers of the three that mint tokens
    'api/wire/virtual-account.ts', // into the answers that mint a value of an account, and the one that reads it again
    'cli/idp.ts', // into the question why a provider’s token is taken, or is not
    'cli/profile.ts', // into the profile of whoever logs in
    'cli/way.ts', // to a terminal that asked for it, or into a file of its own
    'client/request.ts', // into the header of a request
    'crypto/account-value.ts', // into the sealed value of a virtual account
    'crypto/delivery.ts', // into the sealed delivery
    'crypto/external-jwt-read.ts', // into what a provider's token says
    'crypto/external-jwt.ts', // into what a provider's key has signed
    'crypto/jwt.ts', // into its form, and what one of our keys has signed
    'crypto/opaque-form.ts', // into its kind and checksum
    'crypto/opaque.ts', // into digests, cache key and preview
    'crypto/password.ts', // into argon2id
    'crypto/replay.ts', // into the sealed replay, and the key that only the asking credential gives
    'domain/sensitive.ts', // the way out itself
    'http/cookie.ts', // into the cookie of a session that has begun
    'main/bootstrap.ts', // into the file of an unattended first start
    'main/database-url.ts', // the address of the database, into its driver
  ]);
});

test('plaintext leaves the server in the answers of these operations only (I1)', () => {
  expect(OPERATION_IDS.filter((id) => OPERATIONS[id].reveals)).toEqual([
    'wireCreatePat',
    'wireGetOrCreatePat',
    'wireCreatePatForUser',
    'wirePutAccount',
    'wirePostAccount',
    'wireGetAccountToken',
    'wireRegenerateAccountToken',
    'ownCreateAccount',
    'ownRegenerateAccountToken',
    'ownGetAccountToken',
    'wireInviteUser',
    'ownCreateToken',
  ]);
});

test('these make a new credential, whatever their method', () => {
  const minting = [
    ...OPERATION_IDS.filter((id) => OPERATIONS[id].effect === 'mints'),
    ...(Object.keys(ENTRANCES) as EntranceId[]).filter((id) => ENTRANCES[id].effect === 'mints'),
  ];
  expect(minting).toEqual([
    'wireCreatePat',
    'wireGetOrCreatePat',
    'wireCreatePatForUser',
    'wirePutAccount',
    'wirePostAccount',
    'wireRegenerateAccountToken',
    'ownCreateAccount',
    'ownRegenerateAccountToken',
    'wireInviteUser',
    'ownCreateToken',
    'signIn',
    'acceptInvitation',
  ]);
});

test('these are done once however often they are sent, where they carry an Idempotency-Key', () => {
  expect(OPERATION_IDS.filter((id) => 'replayable' in OPERATIONS[id])).toEqual([
    'wireCreatePat',
    'wireCreatePatForUser',
    'ownCreateToken',
  ]);
});
