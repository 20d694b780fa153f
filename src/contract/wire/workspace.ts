import * as z from 'zod';
import type { Operations } from '../operation.ts';
import { pageOf, pageQuery } from './page.ts';
import { flag, textList } from './query.ts';

/** There are none here: the list is the preflight of every public skill, and the command line looks for one. */
export const WORKSPACE_OPERATIONS = {
  wireListWorkspaces: {
    surface: 'wire',
    method: 'GET',
    path: '/api/svc/v1/workspaces',
    access: 'caller',
    action: 'workspace:ListWorkspaces',
    existence: 'tell',
    effect: 'reads',
    reveals: false,
    summary: 'List workspaces; always empty, and proof that a key works',
    input: {
      query: z.object({
        ...pageQuery,
        clusterId: z.string().optional(),
        name: z.string().optional(),
        fqn: z.string().optional(),
        workspaceName: z.string().optional(),
        workspaceFqn: z.string().optional(),
        includeCluster: flag.optional(),
        attributes: textList.optional(),
      }),
    },
    output: pageOf(z.object({ id: z.string() })),
  },
} as const satisfies Operations;
