import { originFor } from '#app/tenant/at.ts';
import { inviteUser } from '#app/user/invite.ts';
import { registerUser } from '#app/user/register.ts';
import type { USER_OPERATIONS } from '#contract/wire/user.ts';
import { parseEmail } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Handlers } from '../handler.ts';
import { linkTo } from '../link.ts';
import { homeOf } from '../visited.ts';

export const userHandlers: Handlers<typeof USER_OPERATIONS> = {
  wireRegisterUser: async (api, caller, { email, sendInviteEmail, skipIfUserExists, dryRun }) => {
    if (sendInviteEmail === true) throw noMail();
    const options = { skipIfExists: skipIfUserExists === true, dryRun: dryRun === true };
    await registerUser(api, caller, { email: parseEmail(email), ...options });
    return {};
  },
  wireInviteUser: async (api, caller, { email }) => {
    const code = await inviteUser(api, caller, parseEmail(email));
    return { link: linkTo(await originFor(api, homeOf(api.site), caller.tenant), '/invitation', code) };
  },
};

/** 200 would say that somebody got a mail. */
const noMail = (): Refusal =>
  new Refusal(
    'unprocessable',
    'This server sends no e-mail yet. Register without sendInviteEmail, then ask POST /users/invite for a link.',
    { problems: [{ field: 'sendInviteEmail', problem: 'must be false or left out' }] },
  );
