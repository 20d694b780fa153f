// The OpenAPI document of this server for people. It shows what stands in the document and nothing else: whoever reads it
// needs no key, and the page asks for none.
const at = (id) => document.getElementById(id);
const copyOf = (template) => at(template).content.firstElementChild.cloneNode(true);
const pick = (element, part) => element.querySelector(part);

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const EFFECTS = {
  reads: 'Reads; nothing changes.',
  changes: 'Changes something.',
  mints: 'Makes a new credential.',
};
const PLACES = { path: 'in the path', query: 'in the query', header: 'as a header' };
const INDENT_MAX = 6;

let described;

/** A part of the document that is only named where it stands. */
const there = (part) =>
  part.$ref === undefined
    ? part
    : part.$ref
        .slice(2)
        .split('/')
        .reduce((inner, name) => inner[name], described);

/** What a value is, in words. */
function kindOf(given) {
  const { type, anyOf, enum: values, const: value, items } = there(given);
  if (values !== undefined) return values.map((one) => JSON.stringify(one)).join(' or ');
  if (value !== undefined) return JSON.stringify(value);
  if (anyOf !== undefined) return anyOf.map(kindOf).join(' or ');
  if (type === 'array') return `list of ${kindOf(items)}`;
  return [type].flat().join(' or ');
}

/** What it must be besides. */
function rulesOf(given) {
  const { anyOf = [], minimum, maximum, minLength, maxLength, pattern, description, default: fallback } = there(given);
  const shown = (what, value) => (value === undefined ? [] : [`${what} ${value}`]);
  return [
    ...shown('from', minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined),
    ...shown('to', maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined),
    ...shown('at least characters:', minLength > 1 ? minLength : undefined),
    ...shown('at most characters:', maxLength),
    ...(description === undefined ? shown('matches', pattern) : [description]), // which says it better
    ...shown('otherwise', fallback === undefined ? undefined : JSON.stringify(fallback)),
    ...anyOf.flatMap(rulesOf),
  ];
}

function fieldOf(name, schema, said, depth = 0) {
  const field = copyOf('field');
  pick(field, '.name').textContent = name;
  pick(field, '.kind').textContent = [kindOf(schema), ...said].join(', ');
  pick(field, '.hint').textContent = rulesOf(schema).join('; ');
  const inner = insideOf(schema);
  if (inner !== undefined && depth < INDENT_MAX) field.append(fieldsOf(inner, depth + 1));
  return field;
}

/** The object that a value is, or holds. */
function insideOf(given) {
  const { properties, items, anyOf = [] } = there(given);
  if (properties !== undefined) return there(given);
  return items === undefined ? anyOf.find((one) => insideOf(one) !== undefined) : insideOf(items);
}

function fieldsOf({ properties = {}, required = [] }, depth = 0) {
  const list = document.createElement('ul');
  list.append(
    ...Object.entries(properties).map(([name, schema]) =>
      fieldOf(name, schema, required.includes(name) ? [] : ['optional'], depth),
    ),
  );
  return list;
}

function words(text) {
  const paragraph = document.createElement('p');
  paragraph.className = 'hint';
  // What stands between backticks is code.
  paragraph.append(
    ...text.split('`').map((part, at) => {
      const piece = document.createElement(at % 2 === 1 ? 'code' : 'span');
      piece.textContent = part;
      return piece;
    }),
  );
  return paragraph;
}

const bodyOf = ({ requestBody }) => requestBody?.content['application/json'].schema;

function takes(operation) {
  const parameters = document.createElement('ul');
  parameters.append(
    ...operation.parameters.map(({ name, in: place, required, description, schema }) =>
      fieldOf(name, { ...schema, description }, [PLACES[place], ...(required ? [] : ['optional'])]),
    ),
  );
  const body = bodyOf(operation);
  const parts = operation.parameters.length > 0 ? [parameters] : [];
  if (body !== undefined) return [...parts, words('A JSON object:'), fieldsOf(body)];
  return parts.length > 0 ? parts : [words('Nothing.')];
}

function answers({ responses }) {
  const good = responses[200].content['application/json'].schema;
  return Object.keys(good.properties ?? {}).length > 0 ? [fieldsOf(good)] : [words('An empty object.')];
}

function refuses({ responses }) {
  return Object.entries(responses)
    .filter(([status]) => status !== '200')
    .map(([, answer]) => {
      const item = document.createElement('li');
      item.textContent = there(answer).description;
      return item;
    });
}

/** A value that would be taken. */
function example(given) {
  const { examples, const: value, default: fallback, enum: values, anyOf, type } = there(given);
  if (examples !== undefined) return examples[0];
  if (value !== undefined) return value;
  if (fallback !== undefined) return fallback;
  if (values !== undefined) return values[0];
  if (anyOf !== undefined) return example(anyOf[0]);
  return { integer: 1, boolean: false, null: null }[type] ?? 'text';
}

/** What must be there; where nothing must, all there is. */
function bodyExample({ properties = {}, required = [] }) {
  const names = required.length > 0 ? required : Object.keys(properties);
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, example(properties[name])])));
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The key goes from the environment through a pipe: an argument could be read by everybody on the machine. */
function curlOf(method, path, operation) {
  const url = described.servers[0].url + path.replace(/\{(\w+)\}/g, (_, name) => pathExample(operation, name));
  const isPublic = operation.security.length === 0;
  const body = bodyOf(operation);
  return [
    ...(isPublic ? [] : [`printf 'Authorization: Bearer %s' "$TFY_API_KEY" |`]),
    `curl -sS${isPublic ? '' : ' -H @-'}${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} ${quoted(url)}`,
    ...(body === undefined ? [] : [`-H 'content-type: application/json' -d ${quoted(bodyExample(body))}`]),
  ]
    .join(' \\\n  ')
    .replace('| \\\n', '|\n');
}

function pathExample({ parameters }, name) {
  const { example: given = name } = parameters.find((one) => one.in === 'path' && one.name === name);
  return encodeURIComponent(given);
}

const whoOf = ({ security, 'x-countersign-action': action }) => {
  if (security.length === 0) return 'Anybody, without a credential.';
  return action === 'self' ? 'Whoever has a good credential.' : `Whoever may ${action}, by a token or a session.`;
};

function operationOf(method, path, operation) {
  const details = copyOf('operation');
  details.id = operation.operationId;
  details.dataset.words = `${method} ${path} ${operation.operationId} ${operation.summary}`.toLowerCase();
  const effect = operation['x-countersign-effect'];
  pick(details, '.method').textContent = method.toUpperCase();
  pick(details, '.method').dataset.effect = effect;
  pick(details, '.path').textContent = path;
  pick(details, '.says').textContent = operation.summary;
  pick(details, '.id').textContent = operation.operationId;
  pick(details, '.who').textContent = whoOf(operation);
  const reveals = operation['x-countersign-reveals'] ? ' Its answer holds it in plain text.' : '';
  pick(details, '.does').textContent = EFFECTS[effect] + reveals;
  pick(details, '.takes').append(...takes(operation));
  pick(details, '.answers').append(...answers(operation));
  pick(details, '.refuses').append(...refuses(operation));
  byHand(details, curlOf(method, path, operation));
  return details;
}

function byHand(details, line) {
  pick(details, '.line code').textContent = line;
  pick(details, '.line').setAttribute('aria-label', `${details.id} by curl`);
  const button = pick(details, 'button');
  button.setAttribute('aria-label', `Copy the line for ${details.id}`);
  button.addEventListener('click', async () => {
    const done = await navigator.clipboard.writeText(line).then(
      () => true,
      () => false,
    );
    if (!done) getSelection().selectAllChildren(pick(details, '.line code'));
    button.textContent = done ? 'Copied' : 'Selected: copy it by keyboard';
  });
}

function groupOf([tag, operations]) {
  const group = copyOf('group');
  pick(group, 'h2').textContent = tag;
  group.append(...operations.map(([method, path, operation]) => operationOf(method, path, operation)));
  return group;
}

function draw() {
  const { info, paths } = described;
  at('version').textContent = info.version;
  at('about').append(...info.description.split('\n\n').map(words));
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => [method, path, item[method]]),
  );
  const groups = Map.groupBy(operations, ([, , { tags }]) => tags[0]);
  at('groups').append(...[...groups].map(groupOf));
  at('refused').append(...described['x-countersign-refused'].map(refusedOf));
}

function refusedOf({ method, path, status, summary }) {
  const item = copyOf('field');
  pick(item, '.name').textContent = `${method} ${path}`;
  pick(item, '.kind').textContent = `${status}: ${summary}`;
  return item;
}

/** What holds all the words, in any order. */
function find() {
  const wanted = at('find').value.toLowerCase().split(/\s+/);
  const all = [...document.querySelectorAll('details')];
  for (const one of all) one.hidden = !wanted.every((word) => one.dataset.words.includes(word));
  for (const group of document.querySelectorAll('.group')) {
    group.hidden = pick(group, 'details:not([hidden])') === null;
  }
  at('found').textContent = `${all.filter(({ hidden }) => !hidden).length} of ${all.length} operations`;
}

/** A link to an operation opens it, also where a search has put it away. */
function openLinked() {
  const linked = at(decodeURIComponent(location.hash.slice(1)));
  if (linked?.tagName !== 'DETAILS') return;
  if (linked.hidden) {
    at('find').value = '';
    find();
  }
  linked.open = true;
  linked.scrollIntoView();
}

at('find').addEventListener('input', find);
at('find-form').addEventListener('submit', (event) => event.preventDefault());
addEventListener('hashchange', openLinked);

try {
  described = await (await fetch('/api/openapi.json')).json();
  draw();
  find();
  openLinked();
} catch {
  at('problem').textContent = 'The document cannot be reached. Is the server running?';
  at('problem').hidden = false;
}
