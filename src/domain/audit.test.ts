import { expect, test } from 'vitest';
import { entryOf } from './audit.ts';
import type { Caller } from './caller.ts';
import { compile } from './rights.ts';

const caller = {
  tenant: { id: 't', name: 'acme' },
  principal: { id: 'p', kind: 'user', name: 'ada@example.com' },
  credential: { kind: 'none', id: undefined },
  rights: compile([]),
  origin: { surface: 'rest', address: '192.0.2.7', userAgent: 'curl/8', requestId: 'r' },
} as unknown as Caller;

test('an entry says who, by what, what, on what, decided how; and nothing that must be erasable', () => {
  const act = { action: 'session:End', resource: 'session/s' } as const;
  const outcome = { id: 'e' as never, at: 5, decision: 'allowed', details: { count: 1 } } as const;
  expect(entryOf(caller, act, outcome)).toEqual({
    ...{ id: 'e', at: 5, tenant: 't', principal: 'p', principalKind: 'user', credential: undefined },
    ...{ surface: 'rest', requestId: 'r', action: 'session:End', resource: 'session/s', decision: 'allowed' },
    details: { count: 1 },
  });
});
