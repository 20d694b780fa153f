import { parseArgs } from 'node:util';
import { SETTINGS } from '#config/read-config.ts';
import type { Setting, Texts } from '#config/setting.ts';
import { misread } from './misread.ts';

type Options = Record<string, { readonly type: 'string' | 'boolean' }>;

/** The flags of `serve` as texts, one that takes no value as `true`; or what is wrong with them. */
export function readFlags(args: readonly string[], more: Options = {}): Texts | string {
  const settings: readonly Setting<unknown>[] = Object.values(SETTINGS);
  const flags = settings.flatMap(({ flag, bare }) =>
    flag === undefined ? [] : [[flag, { type: bare ? 'boolean' : 'string' } as const] as const],
  );
  try {
    const { values } = parseArgs({ args: [...args], options: { ...Object.fromEntries(flags), ...more } });
    return Object.fromEntries(Object.entries(values).map(([flag, value]) => [flag, String(value)]));
  } catch (error) {
    return misread(error);
  }
}
