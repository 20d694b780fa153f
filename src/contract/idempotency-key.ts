/** Visible ASCII; a UUID is what most clients send. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
