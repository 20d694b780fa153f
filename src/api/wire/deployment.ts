import type { DEPLOYMENT_OPERATIONS } from '#contract/wire/deployment.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Handlers } from '../handler.ts';

type Asked = { readonly limit: number; readonly offset: number };

const none = async (_api: unknown, _caller: unknown, { limit, offset }: Asked) => ({
  data: [],
  pagination: { total: 0, offset, limit },
});

async function absent(): Promise<never> {
  throw new Refusal('not_found', 'There is nothing of that name or id.');
}

async function refused(): Promise<never> {
  throw new Refusal(
    'unprocessable',
    'No deployment target is configured. This server keeps credentials and deploys nothing.',
  );
}

export const deploymentHandlers: Handlers<typeof DEPLOYMENT_OPERATIONS> = {
  wireListClusters: none,
  wireListApps: none,
  wireGetCluster: absent,
  wireLookUpFqn: absent,
  wireDeploy: refused,
  wireGetCodeUploadUrl: refused,
  wireTriggerJob: refused,
  wireTerminateJob: refused,
  wireGetSpecUploadUrl: refused,
};
