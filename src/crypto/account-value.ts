import type { PrincipalId } from '#domain/principal.ts';
import { Sensitive } from '#domain/sensitive.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { TokenId } from '#domain/token.ts';
import type { Random } from '#ports/chance-and-time.ts';
import { open, seal } from './envelope.ts';
import type { Keyring } from './keyring.ts';

/** Which value of which virtual account: sealed for one, it opens for no other. */
type Place = { readonly tenant: TenantId; readonly account: PrincipalId; readonly token: TokenId };

export const sealAccountValue = (keyring: Keyring, value: Sensitive, of: Place, random: Random): Uint8Array =>
  seal(keyring.current('tenant-kek', of.tenant), Buffer.from(value.reveal()), binding(of), random);

export const openAccountValue = (keyring: Keyring, sealed: Uint8Array, of: Place): Sensitive =>
  new Sensitive(Buffer.from(open((id) => keyring.byId('tenant-kek', id), sealed, binding(of))).toString());

const binding = ({ tenant, account, token }: Place) =>
  ({ purpose: 'account-value', tenant, ids: { account, token } }) as const;
