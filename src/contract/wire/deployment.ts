import * as z from 'zod';
import type { Operations } from '../operation.ts';
import { pageOf, pageQuery } from './page.ts';

/*
 * What clients of the public product ask that only deploy. Nothing is deployed from here: lists are empty, a thing that
 * would have been deployed is not there, and an order to deploy is refused in so many words, never taken and forgotten.
 */

const API = '/api/svc/v1';
const ASKED = {
  surface: 'wire',
  access: 'caller',
  action: 'self',
  existence: 'tell',
  effect: 'reads',
  reveals: false,
} as const;

const list = <const Path extends string>(path: Path, summary: string) =>
  ({
    ...ASKED,
    method: 'GET',
    path: `${API}/${path}`,
    summary,
    input: { query: z.object(pageQuery) },
    output: pageOf(z.object({})),
  }) as const;

const order = <const Path extends string>(path: Path, summary: string) =>
  ({
    ...ASKED,
    method: 'POST',
    path: `${API}/${path}`,
    refused: 'unprocessable',
    summary,
    input: {},
    output: z.object({}),
  }) as const;

const REFUSED = 'Refused: no deployment target is configured';

export const DEPLOYMENT_OPERATIONS = {
  wireListClusters: list('clusters', 'List clusters: there are none'),
  wireListApps: list('apps', 'List applications: there are none'),
  wireGetCluster: {
    ...ASKED,
    method: 'GET',
    path: `${API}/clusters/{id}`,
    refused: 'not_found',
    absence: 'There is no such cluster: nothing is deployed from this server.',
    summary: 'A cluster: there is none',
    input: { path: z.object({ id: z.string() }) },
    output: z.object({}),
  },
  wireLookUpFqn: {
    ...ASKED,
    method: 'GET',
    path: `${API}/fqn/{type}`,
    refused: 'not_found',
    absence: 'There is nothing of this FQN: nothing is deployed from this server.',
    summary: 'The ids behind the FQN of something deployed: there is none',
    input: { path: z.object({ type: z.string() }), query: z.object({ fqn: z.string().optional() }) },
    output: z.object({}),
  },
  wireDeploy: order('deployment', REFUSED),
  wireGetCodeUploadUrl: order('deployment/code-upload-url', REFUSED),
  wireTriggerJob: order('jobs/trigger', REFUSED),
  wireTerminateJob: order('jobs/terminate', REFUSED),
  wireGetSpecUploadUrl: order('mcp-servers/openapi-spec-upload-url', REFUSED),
} as const satisfies Operations;
