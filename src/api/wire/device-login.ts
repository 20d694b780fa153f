import type { DEVICE_LOGIN_OPERATIONS } from '#contract/wire/device-login.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Handlers } from '../handler.ts';
import { visited } from '../visited.ts';

/** The command line shows the message and nothing else, so it holds the way that there is. */
export const deviceLoginHandlers: Handlers<typeof DEVICE_LOGIN_OPERATIONS> = {
  wireAuthorizeDevice: async (api, visitor) => {
    const { origin } = await visited(api, visitor);
    throw new Refusal(
      'unprocessable',
      `There is no device login on this server yet. Make a personal access token at ${origin}, and set TFY_HOST to ` +
        `${origin} and TFY_API_KEY to the token (tfy 0.16 and older take only one of type jwt)`,
    );
  },
};
