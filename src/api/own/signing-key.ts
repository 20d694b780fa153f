import { keySet } from '#app/signing-key/key-set.ts';
import type { SIGNING_KEY_OPERATIONS } from '#contract/own/signing-key.ts';
import type { Api, Handlers } from '../handler.ts';

const answered = async ({ keyring }: Api) => ({ keys: [...(await keySet({ keyring }))] });

export const signingKeyHandlers: Handlers<typeof SIGNING_KEY_OPERATIONS> = {
  ownGetKeySet: answered,
  wireGetKeySet: answered,
};
