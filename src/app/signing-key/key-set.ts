import { type PublicJwk, publicKeys } from '#crypto/jwt.ts';
import type { Deps } from '../deps.ts';

/** Public, and no door's business: what it says is what every JWT is checked by. */
export const keySet = ({ keyring }: Pick<Deps, 'keyring'>): Promise<readonly PublicJwk[]> => publicKeys(keyring);
