export type Room = { readonly rooms: readonly string[]; readonly packages: readonly string[] };

/**
 * What each folder of src may import besides itself. An entry opens a folder (`app`) or one file
 * (`app/token/verify.ts`); `node:*` is the whole runtime. docs/architecture.md tells the same. Growing a row needs a
 * decision record.
 */
export const ROOMS = {
  domain: { rooms: [], packages: [] },
  ports: { rooms: ['domain'], packages: [] },
  crypto: { rooms: ['domain', 'ports'], packages: ['node:crypto', 'node:util', 'node:zlib', 'jose'] },
  app: { rooms: ['domain', 'ports', 'crypto'], packages: [] },
  jobs: { rooms: ['domain', 'ports', 'app'], packages: [] },
  contract: { rooms: ['domain'], packages: ['zod'] },
  api: { rooms: ['domain', 'contract', 'app'], packages: ['zod'] },
  http: {
    rooms: ['domain', 'contract', 'app/token/verify.ts'],
    packages: ['fastify', 'zod', 'cookie', 'ipaddr.js', 'node:net'],
  },
  client: { rooms: ['domain', 'contract'], packages: [] },
  cli: {
    rooms: ['domain', 'contract', 'client', 'crypto/opaque-form.ts'],
    packages: ['node:util', '@clack/prompts'],
  },
  store: {
    rooms: ['domain', 'ports'],
    packages: ['kysely', 'pg', 'node:process', 'node:sqlite', 'node:timers/promises'],
  },
  'key-wrapper': { rooms: ['domain', 'ports', 'crypto'], packages: [] },
  egress: { rooms: ['domain', 'ports'], packages: ['undici', 'ipaddr.js', 'node:dns/promises', 'node:net'] },
  config: { rooms: ['domain'], packages: ['ipaddr.js'] },
  telemetry: {
    rooms: ['domain', 'ports'],
    packages: ['pino', '@opentelemetry/api', '@opentelemetry/sdk-metrics', '@opentelemetry/exporter-prometheus'],
  },
  main: {
    rooms: [
      ...['api', 'app', 'cli', 'client', 'config', 'contract', 'crypto', 'domain', 'egress', 'http', 'jobs'],
      ...['key-wrapper', 'ports', 'store', 'telemetry'],
    ],
    packages: ['node:*'],
  },
} as const satisfies Record<string, Room>;

export type RoomName = keyof typeof ROOMS;
export const ROOM_NAMES = Object.keys(ROOMS) as readonly RoomName[];

/** Browser code, outside src: it sees what a stranger's client would see, so it imports nothing but itself. */
export const CONSOLE: Room = { rooms: [], packages: [] };
