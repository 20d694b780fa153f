/** The seed's words, the same on every surface, for a token that is not there and for a caller who may not. */
export const TOKEN_ABSENT = 'Token ID not found. List tokens first to find the correct ID.';
export const MAY_NOT_MANAGE_TOKENS = 'Cannot manage access tokens. Check your API key permissions.';
