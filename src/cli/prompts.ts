import { type CommonOptions, confirm, isCancel, password, select, text } from '@clack/prompts';
import { refused } from './exit.ts';
import type { Ask } from './here.ts';

export type Streams = Required<Pick<CommonOptions, 'input' | 'output'>>;

/** A person at a terminal, asked on standard error: standard output is for what was asked for. */
export function askAt(streams: Streams): Ask {
  const common = { ...streams, withGuide: false };
  return {
    secret: async (message) => answerOf(await password({ ...common, message, mask: '' })) ?? '',
    confirm: async (message) => answerOf(await confirm({ ...common, message, initialValue: false })),
    line: async (message) => answerOf(await text({ ...common, message })) ?? '',
    choose: async <Value extends string>(message: string, choices: Readonly<Record<Value, string>>) => {
      const options = Object.entries(choices).map(([value, label]) => ({ value, label: String(label) }));
      return answerOf(await select({ ...common, message, options })) as Value; // one of its own keys
    },
  };
}

/** Breaking off is an answer too: whatever it was about does not happen. */
function answerOf<Answer>(answer: Answer): Exclude<Answer, symbol> {
  if (isCancel(answer)) throw refused('Broken off: nothing was done.');
  return answer as Exclude<Answer, symbol>;
}
