import { Sensitive } from '#domain/sensitive.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId, TokenId } from '#domain/token.ts';
import type { Random } from '#ports/chance-and-time.ts';
import { open, seal } from './envelope.ts';
import type { Keyring } from './keyring.ts';

/** Whose token it is: sealed for one, it opens for no other. */
type Addressee = { readonly tenant: TenantId; readonly pat: PatId; readonly token: TokenId };

export const sealDelivery = (keyring: Keyring, token: Sensitive, to: Addressee, random: Random): Uint8Array =>
  seal(keyring.current('tenant-kek', to.tenant), Buffer.from(token.reveal()), binding(to), random);

export const openDelivery = (keyring: Keyring, sealed: Uint8Array, to: Addressee): Sensitive =>
  new Sensitive(Buffer.from(open((id) => keyring.byId('tenant-kek', id), sealed, binding(to))).toString());

const binding = ({ tenant, pat, token }: Addressee) =>
  ({ purpose: 'token-delivery', tenant, ids: { pat, token } }) as const;
