/** What the scenario `accounts` of sdk.py prints, for any version of the SDK. A 403 is of an account that is accepted. */
export const ACCOUNTS: readonly unknown[] = [
  {
    exists: false,
  },
  {
    dry_run: 'ci-gateway',
    exists: false,
    token: null,
  },
  {
    answers: 403,
    created: true,
    exists: true,
  },
  {
    current: true,
    expired: false,
    expiry: '2030-01-31T00:00:00+00:00',
    manifest: {
      auto_rotate: {
        auto_rotate_interval: 90,
        grace_period: 7,
      },
      expiration_date: '2030-01-31',
      name: 'ci-gateway',
      ownedBy: {
        account: 'default',
        team: 'platform',
      },
      permissions: [
        {
          resource_fqn: 'default',
          resource_type: 'tenant',
          role_id: 'metrics-reader',
        },
      ],
      tags: {
        cost: '42',
      },
      type: 'virtual-account',
    },
    roles: ['metrics-reader'],
    rotates: true,
    type: 'virtual-account',
  },
  {
    token: null,
    updated: true,
  },
  {
    expired: [],
    filtered: ['another'],
    listed: ['another', 'ci-gateway'],
    of_team: ['ci-gateway'],
    paged: ['another', 'ci-gateway'],
  },
  {
    read: true,
  },
  {
    both: [403, 403],
    states: ['current', 'grace'],
    values: 2,
  },
  {
    after: [401, 403],
    read: true,
  },
  {
    body: {
      code: 'invalid_request',
      message: 'This virtual account has no secret_store_config: there is no store to write its token to.',
      statusCode: 400,
    },
    error: 'BadRequestError',
    status: 400,
  },
  {
    body: {
      code: 'unprocessable',
      details: [
        {
          field: 'permissions',
          problem: 'must not be empty; left out they stay as they are',
        },
      ],
      message: 'A virtual account needs at least one permission',
      statusCode: 422,
    },
    error: 'UnprocessableEntityError',
    status: 422,
  },
  {
    body: {
      code: 'unprocessable',
      details: [
        {
          field: 'name',
          problem: 'must match ^[a-z][a-z0-9-]{1,34}[a-z0-9]$',
        },
      ],
      message:
        'A virtual account name has 3 to 36 lower-case letters, digits and dashes, starts with a letter and does not end in a dash.',
      statusCode: 422,
    },
    error: 'UnprocessableEntityError',
    status: 422,
  },
  {
    body: {
      code: 'unprocessable',
      details: [
        {
          field: 'notification_target',
          problem:
            'is not delivered yet: this server tells nobody of rotations. Leave it out, and watch nextScheduledRotation',
        },
      ],
      message:
        'notification_target is not delivered yet: this server tells nobody of rotations. Leave it out, and watch nextScheduledRotation.',
      statusCode: 422,
    },
    error: 'UnprocessableEntityError',
    status: 422,
  },
  {
    body: {
      code: 'not_found',
      message:
        'Virtual account ID not found, or it is not for you. List virtual accounts first to find the correct ID.',
      statusCode: 404,
    },
    error: 'NotFoundError',
    status: 404,
  },
  {
    answers: 401,
    deleted: true,
    left: ['another'],
  },
  {
    body: {
      code: 'not_found',
      message:
        'Virtual account ID not found, or it is not for you. List virtual accounts first to find the correct ID.',
      statusCode: 404,
    },
    error: 'NotFoundError',
    status: 404,
  },
];
