import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const root = resolve(import.meta.dirname, '..');

export type Program = { readonly file: string; remove(): void };

/**
 * The program in one file, for tests that start it hundreds of times: most of a start from its sources is to look up a
 * thousand modules. Two folders below the root, as `src/main` is, since it finds its pages from where it lies.
 */
export async function bundleProgram(): Promise<Program> {
  const folder = mkdtempSync(join(root, 'node_modules', '.countersign-test-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const file = join(folder, 'program.js');
    const bundler = await rolldown({ input: join(root, 'src', 'main', 'bin.ts'), cwd: root, platform: 'node' });
    await bundler.write({ file, format: 'esm', codeSplitting: false });
    await bundler.close();
    return { file, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
