import { Sensitive } from '#domain/sensitive.ts';
import { NO_REQUEST_LIMITS } from '#http/request-limits.ts';
import { type Answer, openWorld, type World } from '#support/world.ts';
import { outboundHere } from '../../egress/listening.ts';
import { post } from '../provoked.ts';
import { accounting } from '../virtual-account/accounts.ts';

export const PROVIDERS = '/api/v1/identity-providers';
const [ISSUER, AUDIENCE] = ['https://issuer.example', 'https://countersign.example'];

/** Somebody’s requests about identity providers, and about whom they map. */
export function providing(world: Pick<World, 'send'>, token: Sensitive) {
  const others = accounting(world, token);
  const { ask } = others;
  const at = (id: string, rest = '') => `${PROVIDERS}/${id}${rest}`;
  return {
    ...others,
    providers: () => ask({ method: 'GET', path: PROVIDERS }),
    provide: (body: object) => ask(post(PROVIDERS, { name: 'builds', issuer: ISSUER, audiences: [AUDIENCE], ...body })),
    provider: (id: string) => ask({ method: 'GET', path: at(id) }),
    putProvider: (id: string, body: object) => ask({ ...post(at(id), body), method: 'PUT' }),
    removeProvider: (id: string, query = '') => ask({ method: 'DELETE', path: at(id, query) }),
    explain: (id: string, presented: string) => ask(post(at(id, '/test'), { token: presented })),
  };
}
export type Providing = ReturnType<typeof providing>;

/** A server that may ask issuers on this machine, its administrator, and what whoever presents a token is told. */
export async function openBelieving() {
  const world = await openWorld({ requests: NO_REQUEST_LIMITS }, { outbound: outboundHere() });
  const { caller, token } = await world.person('admin', 'tenant-admin');
  const whoami = (presented: string) =>
    world.send({ method: 'GET', path: '/api/v1/whoami', token: new Sensitive(presented) });
  const statusOf = async (presented: string) => (await whoami(presented)).status;
  return { ...world, caller, admin: providing(world, token), whoami, statusOf };
}
export type Believing = Awaited<ReturnType<typeof openBelieving>>;

/** To the time that real issuers have. */
export const toNow = ({ clock }: Pick<World, 'clock'>): void => clock.advance(Date.now() - clock.now());

/** All of an answer but what each has of its own. */
export function bytesOf({ status, headers, text }: Answer): string {
  const { date: _, 'x-request-id': requestId, ...others } = headers;
  return JSON.stringify({ status, others, text: text.replaceAll(String(requestId), '') });
}
