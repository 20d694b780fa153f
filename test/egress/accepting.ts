import { KeySets } from '#app/identity-provider/key-sets.ts';
import { verifyExternalJwt } from '#crypto/external-jwt.ts';
import { type ProviderInput, parseProvider } from '#domain/identity-provider.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { fixedClock } from '#support/fixed.ts';
import { outboundHere } from './listening.ts';

const ID = 'a'.repeat(24) as never;

/** What is made of the tokens of a real issuer, by keys fetched from it as it publishes them. */
export function accepting(jwksUri: string, provider: Partial<ProviderInput>) {
  const clock = fixedClock(Date.now());
  const rules = parseProvider({
    ...{ name: 'real', issuer: 'https://issuer.example', audiences: ['https://countersign.example'], jwksUri },
    ...provider,
  });
  const keys = new KeySets(outboundHere(), clock).of({ id: ID, keys: rules.keys, updatedAt: 0 });
  const verified = (token: string) =>
    verifyExternalJwt(new Sensitive(token), { rules, keys, ours: new Set(), now: clock.now() });
  return { verified, clock };
}
