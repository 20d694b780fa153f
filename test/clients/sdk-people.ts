/** What the scenario `people` of sdk.py prints, for any version of the SDK. */
export const PEOPLE: readonly unknown[] = [
  {
    active: true,
    emails: ['admin@example.com', 'bob@example.com', 'carol@example.com'],
    one: 'bob@example.com',
    roles: ['tenant-member'],
  },
  {
    searched: ['bob@example.com'],
  },
  {
    link: true,
    roles: ['tenant-admin'],
  },
  {
    active: ['carol@example.com', 'admin@example.com'],
    all: ['admin@example.com', 'bob@example.com', 'carol@example.com'],
  },
  {
    permissions: ['tenant-admin'],
  },
  {
    resources: ['tenant-admin'],
  },
  {
    manifest_type: 'team',
    members: ['bob@example.com', 'carol@example.com'],
    team: 'platform',
  },
  {
    got: true,
    listed: ['platform', 'everyone'],
  },
  {
    of_bob: ['everyone', 'platform'],
  },
  {
    managers: ['bob@example.com'],
    members: ['bob@example.com', 'carol@example.com'],
  },
  {
    team_permissions: [],
  },
  {
    body: {
      code: 'invalid_request',
      message: 'The user is still in team platform. Take them out first, or ask with forceDelete=true.',
      statusCode: 400,
    },
    error: 'BadRequestError',
    status: 400,
  },
  {
    body: {
      code: 'not_found',
      message: 'Team ID not found, or it is not for you. List teams first to find the correct ID.',
      statusCode: 404,
    },
    error: 'NotFoundError',
    status: 404,
  },
  {
    body: {
      code: 'not_found',
      message: 'There is no user of this id. List the users to find it.',
      statusCode: 404,
    },
    error: 'NotFoundError',
    status: 404,
  },
  {
    body: {
      code: 'unprocessable',
      details: [
        {
          field: 'roles',
          problem: 'no-such-role is no role on the tenant',
        },
      ],
      message: 'There is no role no-such-role on the whole tenant. GET /roles lists them.',
      statusCode: 422,
    },
    error: 'UnprocessableEntityError',
    status: 422,
  },
  {
    info: 'admin@example.com',
    roles: ['tenant-admin'],
    teams: ['everyone'],
  },
];
