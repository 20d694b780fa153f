import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { ADMIN_EMAIL } from '#support/process.ts';
import { type Instance, instance, newToken, revoke } from './instance.ts';
import { linesOf } from './program.ts';

const SCRIPT = join(import.meta.dirname, 'elsewhere.py');

describe.skipIf(!has('pyjwt'))(needing('pyjwt', 'PyJWT, which knows the key set and nothing else'), () => {
  const verified = ({ origin, token: asker }: Instance, token: Sensitive) =>
    linesOf(usePart('pyjwt').python, [SCRIPT], {
      env: { ISSUER: origin, TOKEN: token.reveal(), GATEWAY_TOKEN: asker.reveal() },
    });

  test('a JWT verifies there, and still does when it was revoked: who introspects it is told', async () => {
    const server = await instance();
    const token = await newToken(server, 'signed', { tokenType: 'jwt' });
    const claims = { username: ADMIN_EMAIL, jti: expect.stringMatching(/^[a-z][a-z0-9]{23}$/) };
    expect(await verified(server, token)).toEqual([{ offline: claims, online: { active: true, ...claims } }]);
    await revoke(server, token);
    expect(await verified(server, token)).toEqual([{ offline: claims, online: { active: false } }]);
  });

  test('what was altered, or signed by somebody else, is good for neither', async () => {
    const server = await instance();
    const token = await newToken(server, 'signed', { tokenType: 'jwt' });
    const [head, body, signature = ''] = token.reveal().split('.');
    const turned = signature.slice(4, 8) + signature.slice(0, 4) + signature.slice(8);
    expect(await verified(server, new Sensitive(`${head}.${body}.${turned}`))).toEqual([
      { offline: 'InvalidSignatureError', online: { active: false } },
    ]);
  });

  test('an opaque one is good only where it is introspected', async () => {
    const server = await instance();
    const token = await newToken(server, 'opaque');
    expect(await verified(server, token)).toEqual([
      { offline: 'DecodeError', online: { active: true, username: ADMIN_EMAIL, jti: expect.any(String) } },
    ]);
  });
});
