// Puts in what an open page is told. All else is the server's: without this file pages work, and stand still.
const place = document.getElementById('live');
const away = document.getElementById('away');

/** What a person is doing must not be taken away: a field that is being filled, a dialogue that is open. */
function isInUse() {
  const { activeElement } = document;
  const isField = activeElement?.matches('input, select, textarea') ?? false;
  return (isField && place.contains(activeElement)) || place.querySelector('dialog[open]') !== null;
}

/** The same element again after the content was replaced: by its id, else by what it does. */
function keepFocus(replace) {
  const { activeElement } = document;
  const isInside = activeElement && place.contains(activeElement);
  const key = isInside ? activeElement.id || activeElement.getAttribute('data-key') : null;
  const open = [...place.querySelectorAll('details[open][id]')].map(({ id }) => id);
  replace();
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  if (!key) return;
  const again =
    document.getElementById(key) ?? place.querySelector(`[data-key="${CSS.escape(key)}"]`);
  again?.focus();
}

if (place?.dataset.live) {
  const source = new EventSource(place.dataset.live);
  source.addEventListener('show', ({ data }) => {
    away.hidden = true;
    if (isInUse()) return;
    // From our own server, which escapes everything that came from elsewhere.
    keepFocus(() => {
      place.innerHTML = data;
    });
  });
  source.addEventListener('away', () => {
    away.hidden = false;
  });
  source.addEventListener('end', () => source.close());
  source.addEventListener('error', () => {
    away.hidden = source.readyState !== EventSource.CLOSED ? false : away.hidden;
  });
}

// Buttons of what cannot be undone ask first; `data-confirm` is the question.
document.addEventListener('submit', (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
