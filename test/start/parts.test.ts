import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { has, needing, PARTS, usePart } from '#support/parts.ts';

const packagesOf = (uv: string, python: string): readonly string[] =>
  execFileSync(uv, ['pip', 'freeze', '--quiet', '--python', python], { encoding: 'utf8' }).split('\n');

describe.skipIf(!has('uv'))(needing('uv', 'the installed parts'), () => {
  for (const name of ['tfy', 'sdk-0.4.0'] as const) {
    test.skipIf(!has(name))(`${name} holds exactly the versions that are asked for`, () => {
      // Not noted as a run of that part: nothing in it runs.
      const python = `.parts/${name}/bin/python`;
      expect(packagesOf(usePart('uv').uv, python)).toEqual(expect.arrayContaining([...PARTS[name].pins]));
    });
  }
});
