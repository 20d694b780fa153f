/** The same on every surface, for a virtual account that is not there and for a caller who may not see it. */
export const ACCOUNT_ABSENT =
  'Virtual account ID not found, or it is not for you. List virtual accounts first to find the correct ID.';
export const MAY_NOT_MANAGE_ACCOUNT =
  'Only a tenant admin, a member of the team that owns the virtual account, or a role with virtual-account:ManageVirtualAccount can do this.';
export const MAY_NOT_MAKE_ACCOUNT =
  'Only a tenant admin, or a role with virtual-account:CreateVirtualAccount, can make a virtual account; only they, the team that owns it, and a role with virtual-account:ManageVirtualAccount can change it.';
