/** The same on every surface, for a team that is not there and for a caller who may not. */
export const TEAM_ABSENT = 'Team ID not found, or it is not for you. List teams first to find the correct ID.';
