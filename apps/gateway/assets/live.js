// Puts in what an open page is told. All else is the server's: without this file pages work, and stand still.
const place = document.getElementById('live');
const away = document.getElementById('away');
/** The parts of the page, each as it was told last. */
let told = place ? [...place.children].map(({ outerHTML }) => outerHTML) : [];

/** True for a field that was changed and not sent. */
function isChanged(field) {
  if (field.type === 'hidden') return false;
  if (field.type === 'checkbox' || field.type === 'radio')
    return field.checked !== field.defaultChecked;
  if (field.options) {
    const options = [...field.options];
    const first = options.find(({ defaultSelected }) => defaultSelected) ?? options[0];
    return field.selectedOptions[0] !== first;
  }
  return field.value !== field.defaultValue;
}

/** What a person is doing must not be taken away: fields that are being filled, a dialogue that is open, text that is being copied. */
function isInUse(part) {
  const { activeElement } = document;
  const fields = [...part.querySelectorAll('input, select, textarea')];
  const selection = document.getSelection();
  return (
    fields.some((field) => field === activeElement || isChanged(field)) ||
    part.querySelector('dialog[open]') !== null ||
    (selection?.isCollapsed === false && selection.containsNode(part, true))
  );
}

/** The same element has the focus, the same is open and scrolled as far, after the content was replaced: by its id, else by what it does. */
function keepPlace(replace) {
  const { activeElement } = document;
  const isInside = activeElement && place.contains(activeElement);
  const key = isInside ? activeElement.id || activeElement.getAttribute('data-key') : null;
  const open = [...place.querySelectorAll('details[open][id]')].map(({ id }) => id);
  const scrolled = [...place.querySelectorAll('[id]')]
    .filter(({ scrollTop, scrollLeft }) => scrollTop > 0 || scrollLeft > 0)
    .map(({ id, scrollTop, scrollLeft }) => [id, scrollTop, scrollLeft]);
  replace();
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  for (const [id, top, left] of scrolled) document.getElementById(id)?.scrollTo(left, top);
  if (!key || place.contains(document.activeElement)) return;
  const again =
    document.getElementById(key) ?? place.querySelector(`[data-key="${CSS.escape(key)}"]`);
  again?.focus();
}

/** Replaces the parts that changed. Where their number changed, that is all of them. */
function show(parts) {
  const now = parts.map(({ outerHTML }) => outerHTML);
  const old = [...place.children];
  if (now.length !== old.length) {
    if (old.some(isInUse)) return;
    place.replaceChildren(...parts);
    told = now;
    return;
  }
  for (const [index, part] of parts.entries()) {
    if (now[index] === told[index] || isInUse(old[index])) continue;
    old[index].replaceWith(part);
    told[index] = now[index];
  }
}

/** What a page that stands still waits before it asks again, in milliseconds: there is too much open, or no gateway. */
const AGAIN_MS = { full: 30_000, away: 5_000 };

function follow() {
  const source = new EventSource(place.dataset.live);
  source.addEventListener('show', ({ data }) => {
    away.hidden = true;
    const template = document.createElement('template');
    // From our own server, which escapes everything that came from elsewhere.
    template.innerHTML = data;
    keepPlace(() => show([...template.content.children]));
  });
  source.addEventListener('away', () => {
    away.hidden = false;
  });
  source.addEventListener('end', () => source.close());
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) void beginAnew();
    else away.hidden = false;
  });
}

/** An answer that is no stream ends an EventSource for good: such as of a proxy, in the place of a gateway that is being replaced. */
async function beginAnew() {
  const status = await fetch(place.dataset.live, { method: 'HEAD' }).then(
    (answer) => answer.status,
    () => undefined,
  );
  const isFull = status === 204;
  if (!isFull) away.hidden = false;
  if (status === 401)
    away.textContent = 'What you see is old: your login is over. Load this page again.';
  else setTimeout(follow, isFull ? AGAIN_MS.full : AGAIN_MS.away);
}

if (place?.dataset.live) follow();

// Buttons of what cannot be undone ask first; `data-confirm` is the question.
document.addEventListener('submit', (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
  const key = event.submitter?.dataset.key;
  if (key && !event.defaultPrevented) sessionStorage.setItem(PRESSED, key);
});

/** What the pressed button does, for the page that comes next. */
const PRESSED = 'goflow-pressed';

// What was done is told by a page of its own: who works with keys is where they were, or at its beginning where that is gone.
const pressed = sessionStorage.getItem(PRESSED);
sessionStorage.removeItem(PRESSED);
if (pressed && document.activeElement === document.body) {
  const button = place?.querySelector(`[data-key="${CSS.escape(pressed)}"]`);
  (button ?? document.getElementById('main'))?.focus();
}
