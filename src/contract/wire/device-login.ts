import * as z from 'zod';
import type { Operations } from '../operation.ts';

/** What `tfy login` asks first when it is given no key (contract 8.4). There is no device login here yet: it says so. */
export const DEVICE_LOGIN_OPERATIONS = {
  wireAuthorizeDevice: {
    surface: 'wire',
    method: 'POST',
    path: '/api/svc/v1/oauth2/device-authorize',
    access: 'public',
    action: 'none',
    effect: 'reads',
    reveals: false,
    addressed: true,
    refused: 'unprocessable',
    summary: 'Begin a login by device; not offered yet, and the refusal says what to do instead',
    input: {},
    output: z.object({}),
  },
} as const satisfies Operations;
