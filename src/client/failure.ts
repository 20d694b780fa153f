import type { ErrorCode, Problem } from '#domain/refusal.ts';

/** How a question fails before the server has said anything of it. Stable, like the server's own codes. */
export type LostCode = 'unreachable' | 'tls_not_trusted' | 'not_countersign' | 'no_answer' | 'answer_lost';

/** What a `fetch` says, as the error's code, of an answer that it does not read to its end. */
export const ANSWER_TOO_LONG = 'ANSWER_TOO_LONG';

/** How far a question got. `perhaps`: it may have been done, for all that is known, and its answer is not here. */
export type Reach = 'answered' | 'perhaps' | 'never';

type Options = {
  readonly reach?: Reach;
  readonly isPassing?: boolean;
  readonly requestId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly problems?: readonly Problem[];
};

/** Why an operation was not carried out as asked: the server's own refusal, or that it could not be asked. Holds no credential. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: ErrorCode | LostCode;
  /** What the server's log has it under. */
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly problems: readonly Problem[];
  readonly reach: Reach;
  /** May be otherwise in a moment, if it is asked again. */
  readonly isPassing: boolean;
  constructor(code: ErrorCode | LostCode, message: string, options: Options = {}) {
    super(message);
    this.code = code;
    this.requestId = options.requestId;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.problems = options.problems ?? [];
    this.reach = options.reach ?? 'never';
    this.isPassing = options.isPassing ?? false;
  }
}

type Reason = readonly [fits: RegExp, code: LostCode, words: (code: string) => string, how?: Options];

const LOST = { reach: 'perhaps', isPassing: true } as const;

/** By what the runtime calls it; the first that fits. */
const REASONS: readonly Reason[] = [
  [/^(?:ENOTFOUND|EAI_AGAIN)$/, 'unreachable', () => 'its name is not known here. See how it is written.'],
  [/^ECONNREFUSED$/, 'unreachable', () => 'nothing listens there. See that the server runs, and its port.'],
  [/^(?:ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, 'unreachable', () => 'it cannot be connected to. See that it is up.'],
  [
    /^(?:TimeoutError|ABORT_ERR|UND_ERR_\w+_TIMEOUT)$/,
    'no_answer',
    () => 'it did not answer in time. See that it is up.',
    { reach: 'perhaps' },
  ],
  [/^(?:EHOST|ENET|EADDR|EACCES|EPERM)/, 'unreachable', (code) => `the network does not lead there (${code}).`],
  [/^(?:EPROTO|ERR_SSL_)/, 'not_countersign', () => 'it does not speak TLS. Is it http:// rather than https://?'],
  [/^(?:HPE_|HTTPParser)/, 'not_countersign', () => 'it does not answer in HTTP. See the port.', LOST],
  [
    new RegExp(`^${ANSWER_TOO_LONG}$`),
    'not_countersign',
    () => 'its answer is longer than any of a Countersign server. See the address.',
    { reach: 'perhaps' },
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|CRL/,
    'tls_not_trusted',
    (code) => `its certificate is not trusted (${code}). Give its authority with NODE_EXTRA_CA_CERTS=FILE.`,
  ],
  [
    /(?:)/,
    'answer_lost',
    () => 'the connection was closed before the answer. Is it https:// rather than http://?',
    LOST,
  ],
];

/** The words of what was thrown are left out: the runtime's may quote a header, and with it the key. */
export function failureOf(error: unknown, host: string): Failure {
  const name = codeOf(error as Named);
  const [, code, words, how] = REASONS.find(([fits]) => fits.test(name)) as Reason;
  return new Failure(code, `${host} cannot be asked: ${words(name)}`, how);
}

type Named = { readonly code?: unknown; readonly name?: string };

/** The global `fetch` has it in the cause, Node's own client in the error itself. */
function codeOf(error: Named & { readonly cause?: Named }): string {
  const codes = [error.cause?.code, error.code].filter((code) => typeof code === 'string');
  return codes[0] ?? error.cause?.name ?? error.name ?? '';
}
