// Makes a whole page quicker to use; nothing here is needed for it to work, and nothing is kept on the phone.
const all = (selector) => [...document.querySelectorAll(selector)];
const { here } = document.documentElement.dataset;
const printed = location.pathname;
let visit = new URLSearchParams(location.search).get('v') || '';

const say = (text) => { const [toast] = all('.toast'); toast.textContent = text; setTimeout(() => { toast.textContent = ''; }, 5000); };
const send = (address, fields) =>
  fetch(address, { method: 'POST', body: new URLSearchParams(fields), headers: { Accept: 'application/json' }, keepalive: true })
    .then((answer) => { if (!answer.ok) throw answer; return answer.json(); });

// Keep: flip at once, send behind, flip back with a reason. A button's value is what the next press will do.
const mark = (button, isKept) => { button.ariaPressed = isKept; button.value = isKept ? 'no' : 'yes'; };
const show = ({ kept }) => {
  if (!kept) return;
  all('[data-keep]').forEach((button) => mark(button, kept.includes(button.dataset.keep)));
  all('.count').forEach((badge) => { badge.textContent = kept.length; badge.hidden = !kept.length; });
};
all('[data-keep]').forEach((button) => { button.onclick = (event) => {
  event.preventDefault();
  const isKept = button.value === 'yes', fields = new FormData(button.form, button);
  mark(button, isKept);
  button.classList.add('beat');
  button.onanimationend = () => button.classList.remove('beat');
  send(button.formAction, fields).then(show, () => { mark(button, !isKept); say(document.body.dataset.fail); });
}; });

// Share: the phone's own sheet where there is one; otherwise the form goes to the page with the link.
if (navigator.share) all('[data-share]').forEach((button) => { button.onclick = (event) => {
  event.preventDefault();
  send(button.formAction, new FormData(button.form)).then(({ url }) => navigator.share({ title: document.title, url }))
    .catch((error) => { if (error.name !== 'AbortError') { button.onclick = null; button.click(); } });
}; });
if (navigator.clipboard) all('[data-copy]').forEach((button) => {
  button.hidden = false;
  button.onclick = () => navigator.clipboard.writeText(button.dataset.copy).then(() => { button.textContent = button.dataset.done; });
});

// Pictures: ring the thumbnail of the one in view.
all('.reel').forEach((reel) => {
  const thumbs = all('.thumbs a');
  const ring = (id) => thumbs.forEach((a) => a.toggleAttribute('aria-current', a.hash === '#' + id));
  const watch = new IntersectionObserver((seen) => seen.forEach((one) => one.isIntersecting && ring(one.target.id)), { root: reel, threshold: .6 });
  [...reel.children].forEach((picture) => watch.observe(picture));
  thumbs.forEach((a, place) => { a.onclick = (event) => {
    event.preventDefault();
    reel.children[place].scrollIntoView({ behavior: 'smooth', block: 'nearest', inline: 'center' });
  }; });
});

// An offer that ends within a day says how long is left, once a minute; the server decides what is valid.
const left = () => all('time[data-hours]').forEach((time) => {
  const minutes = Math.round((new Date(time.dateTime) - Date.now()) / 6e4), { hours, mins } = time.dataset;
  if (minutes > 0 && minutes < 1440) time.textContent = minutes < 60 ? mins.replace('{m}', minutes) : hours.replace('{h}', Math.floor(minutes / 60)).replace('{m}', minutes % 60);
});
left();
setInterval(left, 6e4);

if (here) {
  // The printed address gives way to the page's own, so that reload, bookmark and copy are no scans.
  history.replaceState(history.state, '', here + location.hash);

  // The visit, an id that passes: from the answer's header, else asked for; handed on to our own forms and links.
  const timing = performance.getEntriesByType('navigation')[0]?.serverTiming?.find(({ name }) => name === 'v');
  visit = timing?.description || visit;
  const known = (visit ? Promise.resolve({ v: visit }) : send('/v', { page: printed })).then(({ v }) => {
    visit = v || '';
    all('input[name=v]').forEach((input) => { input.value = visit; });
    if (visit) all('a[href^="/i/"]').forEach((a) => { a.search += (a.search ? '&' : '?') + 'v=' + visit; });
  }).catch(() => {});

  // Seen: on the screen for one second. The answer brings the hearts of a shopper who keeps things.
  let timer;
  const look = () => { clearTimeout(timer); if (!document.hidden) timer = setTimeout(() => {
    document.removeEventListener('visibilitychange', look);
    known.then(() => send('/v', { v: visit, page: here })).then(show, () => {});
  }, 1000); };
  document.addEventListener('visibilitychange', look);
  look();
}

// At the till the screen stays awake while the code is open.
if (all('[data-awake]').length) navigator.wakeLock?.request('screen').catch(() => {});
