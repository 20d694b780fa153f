// The page of an instance without its console: set a password, sign in, look after one's own tokens. It sees what any
// client sees, and keeps nothing: a token that was shown is gone with the page.
const TOKENS = '/api/v1/tokens';
const SHOWN_MAX = 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

const at = (id) => document.getElementById(id);
const COLUMNS = ['ID', 'Created At', 'Expires At', 'Last used'];
const REVOKED_COLUMNS = ['ID', 'Revoked At', 'By', 'Why', 'Still used'];
const REASONS = {
  deleted: 'deleted',
  unused: 'not needed any more',
  replaced: 'replaced',
  leaked: 'leaked',
  revoked_all: 'all of this user’s were revoked',
  superseded: 'replaced by a newer one of its name',
};

/** What the server answered; or throws with its words, which are for people. */
async function ask(method, path, body) {
  const json = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const answer = await fetch(path, { method, ...json }).catch(() => {
    throw new Error('The server cannot be reached. Is it running?');
  });
  const said = await answer
    .json()
    .catch(() => ({ message: `Something between here and the server answered ${answer.status}.` }));
  if (answer.ok && said.message === undefined) return said;
  throw Object.assign(new Error(said.message), { status: answer.status });
}

/** One section at a time; the first field gets the focus. */
function show(section) {
  for (const one of document.querySelectorAll('main > section')) one.hidden = one.id !== section;
  at('who').hidden = section !== 'tokens';
  document.querySelector(`#${section} input:enabled`)?.focus();
}

function complain(words) {
  at('problem').textContent = words ?? '';
  at('problem').hidden = words === undefined;
}

/** Runs while its button is off, so that a second click is not a second request. */
async function attempt(button, act) {
  complain();
  const held = document.activeElement === button; // what is off loses the focus
  button.disabled = true;
  try {
    await act();
  } catch (error) {
    const signedOut = error.status === 401 && !at('tokens').hidden;
    if (signedOut) leave();
    complain(signedOut ? 'Your session has ended. Sign in again.' : error.message);
  } finally {
    button.disabled = false;
    if (held && document.activeElement === document.body) button.focus();
  }
}

function onSubmit(form, act) {
  at(form).addEventListener('submit', (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    attempt(event.submitter ?? event.target.querySelector('button'), () => act(fields, event.target));
  });
}

/** A one-time link: its code stands in the fragment, which no server ever sees. */
function openLink(first) {
  at('set-up-email').hidden = !first;
  at('set-up-email').querySelector('input').disabled = !first;
  at('set-up-words').textContent = first
    ? 'You will be the administrator of this instance.'
    : 'Choose the password by which you will sign in from now on.';
  show('set-up');
}

onSubmit('set-up-form', async ({ email, password, again }, form) => {
  if (password !== again) throw new Error('The two passwords differ.');
  const code = location.hash.slice(1);
  await ask('POST', '/auth/accept-invitation', { code, password, ...(email ? { email } : {}) });
  history.replaceState(null, '', '/'); // a used code need not stay in the history
  form.reset();
  await home();
});

onSubmit('sign-in-form', async (fields, form) => {
  await ask('POST', '/auth/sign-in', fields);
  form.reset();
  await home();
});

onSubmit('create-form', async ({ name, days }, form) => {
  const expires = days && { expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() };
  const { value } = await ask('POST', TOKENS, { name, ...expires });
  at('fresh-token').textContent = value;
  at('fresh').hidden = false;
  form.reset();
  await list();
  at('copy').focus();
});

at('copy').addEventListener('click', (event) =>
  attempt(event.target, async () => {
    await navigator.clipboard.writeText(at('fresh-token').textContent).catch(() => {
      getSelection().selectAllChildren(at('fresh-token'));
      throw new Error('The browser does not let this page copy. The token is selected: copy it by keyboard.');
    });
    event.target.textContent = 'Copied';
  }),
);

at('saved').addEventListener('click', () => {
  forget();
  at('list').focus();
});

/** Nothing of the value stays in the page. */
function forget() {
  at('fresh-token').textContent = '';
  at('fresh').hidden = true;
  at('copy').textContent = 'Copy';
}

at('sign-out').addEventListener('click', (event) =>
  attempt(event.target, async () => {
    await ask('POST', '/auth/sign-out', {});
    leave();
  }),
);

/** Nothing of whoever was signed in stays in the page. */
function leave() {
  forget();
  at('confirm').close();
  at('create-form').reset();
  at('rows').replaceChildren();
  at('revoked-rows').replaceChildren();
  at('who-name').textContent = '';
  show('sign-in');
}

const day = (text) => text.slice(0, 10);
const where = (use) => `${day(use.at)} from ${use.address ?? 'an unknown address'}`;
const used = ({ lastUsed }) => (lastUsed === null ? 'Never' : where(lastUsed));
/** Something still holds it, and fails. */
const usedAfterEnd = ({ usedAfterEnd: use }) => (use === null ? '' : where(use));

/** A row with its name, its id and these cells, each under its column's label for narrow screens. */
function filled(template, token, columns, texts) {
  const row = at(template).content.cloneNode(true);
  const [name, id, ...cells] = row.querySelectorAll('th, td');
  name.textContent = token.name;
  id.querySelector('code').textContent = token.id;
  for (const [index, text] of texts.entries()) cells[index].textContent = text;
  for (const [index, label] of columns.entries()) [id, ...cells][index].dataset.label = label;
  return row;
}

function rowOf(token) {
  const expires = `${token.expiresAt === null ? 'Never' : day(token.expiresAt)}${token.state === 'expired' ? ' (expired)' : ''}`;
  const after = token.usedAfterEnd === null ? '' : `; after its end ${usedAfterEnd(token)}`;
  const row = filled('row', token, COLUMNS, [day(token.createdAt), expires, `${used(token)}${after}`]);
  const button = row.querySelector('button');
  button.textContent = 'Delete';
  button.setAttribute('aria-label', `Delete ${token.name}`);
  button.addEventListener('click', () => remove(token, button));
  return row;
}

function revokedRowOf(token) {
  const { at: end, by, reason } = token.revoked;
  return filled('revoked-row', token, REVOKED_COLUMNS, [
    day(end),
    by.name,
    REASONS[reason] ?? reason,
    usedAfterEnd(token) || 'No',
  ]);
}

function remove(token, button) {
  const dialog = at('confirm');
  at('confirm-name').textContent = token.name;
  at('confirm-use').textContent = `Last used: ${used(token)}.`;
  dialog.returnValue = 'cancel';
  dialog.onclose = () => {
    if (dialog.returnValue !== 'delete') return;
    attempt(button, async () => {
      await ask('POST', `${TOKENS}/${encodeURIComponent(token.id)}/revoke`, {});
      await list();
      at('list').focus(); // the button that had the focus is gone
    });
  };
  dialog.showModal();
}

async function list() {
  const [{ data, pagination }, all] = await Promise.all([
    ask('GET', `${TOKENS}?limit=${SHOWN_MAX}&revoked=left-out`),
    ask('GET', `${TOKENS}?limit=${SHOWN_MAX}`),
  ]);
  const revoked = all.data.filter(({ state }) => state === 'revoked');
  at('rows').replaceChildren(...data.map(rowOf));
  at('revoked-rows').replaceChildren(...revoked.map(revokedRowOf));
  at('revoked').hidden = revoked.length === 0;
  at('rows').parentElement.hidden = data.length === 0;
  at('none').hidden = data.length > 0;
  at('more').hidden = data.length === pagination.total;
  at('more').textContent = `The newest ${data.length} of ${pagination.total} are shown.`;
}

/** The tokens of whoever is signed in, or the form to do so. */
async function home() {
  try {
    const { principal } = await ask('GET', '/api/v1/whoami');
    at('who-name').textContent = principal.name;
    await list();
    show('tokens');
  } catch (error) {
    show('sign-in');
    if (error.status !== 401) complain(error.message);
  }
}

/** A link that is opened while this page is open changes the fragment only, and loads nothing. */
addEventListener('hashchange', () => location.reload());

if (location.hash.length > 1 && location.pathname !== '/') openLink(location.pathname === '/set-up');
else await home();
