/**
 * Everything that is sealed or wrapped, and the ids of its row that never change. Together with the format and the
 * tenant they are the associated data: put in any other place, it no longer opens. API: never renamed, never reordered.
 */
export const PURPOSES = {
  // With the instant of its making: the newest pepper is used, and the age of a signing key decides which one signs.
  'token-pepper': ['key', 'createdAt'],
  'row-mac': ['key', 'createdAt'],
  'token-signing': ['key', 'createdAt'],
  'tenant-kek': ['key', 'createdAt'],
  'token-delivery': ['pat', 'token'],
  'token-replay': ['pat', 'replay', 'expiresAt'],
  'account-value': ['account', 'token'],
} as const satisfies Record<string, readonly string[]>;
export type Purpose = keyof typeof PURPOSES;

/** Where something sealed belongs. `tenant` is undefined for what belongs to the instance. */
export type Binding<P extends Purpose = Purpose> = {
  readonly purpose: P;
  readonly tenant: string | undefined;
  readonly ids: Readonly<Record<(typeof PURPOSES)[P][number], string>>;
};

/** `wrapped` is a key under another key, `sealed` a value under its own; the two never open as each other. */
export type Layer = 'wrapped' | 'sealed';

/** An array in JSON has one encoding, so no two places collide. */
export function associatedData<P extends Purpose>(layer: Layer, format: number, binding: Binding<P>): Uint8Array {
  const { purpose, tenant } = binding;
  const ids: Readonly<Record<string, string>> = binding.ids;
  return Buffer.from(
    JSON.stringify([purpose, layer, format, tenant ?? null, ...PURPOSES[purpose].map((id) => ids[id])]),
  );
}
