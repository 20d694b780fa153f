import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** What takes minutes, the longest first: begun last, one worker would be at it long after the others have nothing to do. */
const LONG = [
  'test/faults/set-up.test.ts',
  'test/faults/kill.test.ts',
  'test/nodes/',
  'test/http/openapi-schemathesis.test.ts',
  'test/start/',
  'test/console/',
  'test/faults/',
  'test/clients/',
  'test/conformance/',
  'test/authz/',
] as const;

const rankOf = ({ moduleId }: TestSpecification): number => {
  const at = LONG.findIndex((each) => moduleId.includes(`/${each}`));
  return at === -1 ? LONG.length : at;
};

/** Within a project, as Vitest does it; the rest as it would be. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...Map.groupBy(sorted, ({ project }) => project.name).values()];
    return projects.flatMap((own) => own.toSorted((one, other) => rankOf(one) - rankOf(other)));
  }
}
