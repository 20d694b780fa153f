import type { Command } from './command.ts';

export const logout: Command = {
  takes: '',
  words: 0,
  options: {},
  async run({ profile }) {
    const removed = profile.remove();
    const said = removed
      ? `Logged out: ${profile.path} is gone. The token itself is still good; countersign tokens revoke ends it.`
      : 'Nobody was logged in.';
    return { lines: [said], json: { removed, profile: profile.path } };
  },
};
