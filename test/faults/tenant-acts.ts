import { spawned } from '#support/process.ts';
import { type Act, act, nothing } from './act.ts';
import { rowsIn } from './database.ts';

const asked = (data: string, ...words: readonly string[]) => spawned(['tenants', ...words, '--data', data]).ended;
const made = (_served: unknown, data: string) => asked(data, 'create', 'acme');
const disabledIn = async (_served: unknown, _held: unknown, data: string) =>
  rowsIn(data, 'select name from tenant where disabled_at is not null');
const ACME = [{ name: 'acme' }];

/** What an operator does to tenants. */
export const tenantActs = (data: () => Promise<string>) =>
  ({
    'tenant:Create': act({
      ...{ data, arrange: nothing, before: [], after: ACME },
      act: (_served, _, at) => asked(at, 'create', 'acme'),
      standing: async (_served, _, at) => rowsIn(at, "select name from tenant where name = 'acme'"),
    }),
    'tenant:Disable': act({
      ...{ data, arrange: made, standing: disabledIn, before: [], after: ACME },
      act: (_served, _, at) => asked(at, 'disable', 'acme'),
    }),
    'tenant:Enable': act({
      ...{ data, standing: disabledIn, before: ACME, after: [] },
      arrange: async (served, at) => {
        await made(served, at);
        return asked(at, 'disable', 'acme');
      },
      act: (_served, _, at) => asked(at, 'enable', 'acme'),
    }),
    'tenant:NameOrigin': act({
      ...{ data, arrange: made, before: [], after: [{ origin: 'https://acme.example' }] },
      act: (_served, _, at) => asked(at, 'origin', 'acme', 'https://acme.example'),
      standing: async (_served, _, at) => rowsIn(at, 'select origin from tenant_origin'),
    }),
    'tenant:NameAlias': act({
      ...{ data, arrange: made, before: [], after: [{ name: 'acme-old' }] },
      act: (_served, _, at) => asked(at, 'alias', 'acme', 'acme-old'),
      standing: async (_served, _, at) => rowsIn(at, 'select name from tenant_alias'),
    }),
  }) as const satisfies Record<string, Act<unknown>>;
