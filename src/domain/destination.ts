/**
 * Where the operator lets this program go that it would not go by itself: addresses by number, or a host by its name, whatever
 * that leads to. Without a port: every port.
 */
export type Opening =
  | { readonly network: string; readonly port: number | undefined }
  | { readonly host: string; readonly port: number | undefined };
