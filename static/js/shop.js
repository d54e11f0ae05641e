// Makes a whole page quicker to use; nothing here is needed for it to work, and nothing is kept on the phone.
const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
let visit = new URLSearchParams(location.search).get('v') || '';

const say = (text) => {
  const toast = all('.toast')[0];
  toast.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (toast.textContent = ''), 5000);
};
const send = (address, fields) =>
  fetch(address, { method: 'POST', body: new URLSearchParams(fields), headers: { Accept: 'application/json' }, keepalive: true })
    .then((answer) => { if (!answer.ok) throw answer; return answer.status === 204 ? {} : answer.json(); });

// Keep: flip at once, send behind, flip back with a reason. The value says what the next press will do.
const mark = (button, isKept) => { button.setAttribute('aria-pressed', isKept); button.value = isKept ? 'no' : 'yes'; };
const count = (number) => all('[data-list] .count').forEach((badge) => { badge.textContent = number; badge.hidden = !number; });
const show = (state) => {
  if (!state.kept) return;
  all('[data-keep]').forEach((button) => mark(button, state.kept.includes(button.dataset.keep)));
  count(state.count);
};
all('[data-keep]').forEach((button) => button.addEventListener('click', (event) => {
  event.preventDefault();
  const isKept = button.value === 'yes', fields = new FormData(button.form, button);
  mark(button, isKept);
  button.classList.add('beat');
  button.addEventListener('animationend', () => button.classList.remove('beat'), { once: true });
  send(button.formAction, fields).then(show).catch(() => { mark(button, !isKept); say(document.body.dataset.fail); });
}));

// Share: the phone's own sheet where there is one; otherwise the form goes to the page with the link.
all('[data-share]').forEach((button) => navigator.share && button.addEventListener('click', (event) => {
  event.preventDefault();
  send(button.formAction, new FormData(button.form)).then((link) => navigator.share({ title: document.title, url: link.url }))
    .catch((error) => { if (error.name !== 'AbortError') button.form.action = button.formAction, button.form.submit(); });
}));
all('[data-copy]').forEach((button) => {
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', () => navigator.clipboard.writeText(button.dataset.copy).then(() => (button.textContent = button.dataset.done)));
});

// Pictures: ring the thumbnail of the one in view.
all('.reel').forEach((reel) => {
  const thumbs = all('.thumbs a');
  const watch = new IntersectionObserver((seen) => seen.forEach((one) => one.isIntersecting && thumbs.forEach((a) =>
    a.hash === '#' + one.target.id ? a.setAttribute('aria-current', 'true') : a.removeAttribute('aria-current'))), { root: reel, threshold: .6 });
  [...reel.children].forEach((picture) => watch.observe(picture));
  thumbs.forEach((a) => a.addEventListener('click', (event) => {
    event.preventDefault();
    reel.scrollTo({ left: document.getElementById(a.hash.slice(1)).offsetLeft - reel.offsetLeft, behavior: 'smooth' });
  }));
});

// An offer that ends within a day says how long is left, once a minute; the server decides what is valid.
all('time[data-left]').forEach((time) => {
  const tick = () => {
    const minutes = Math.round((new Date(time.dateTime) - Date.now()) / 6e4);
    if (!time.dataset.left || minutes <= 0 || minutes >= 1440) return;
    time.textContent = time.dataset.left.replace('{}', minutes < 60 ? minutes + ' min' : Math.floor(minutes / 60) + ' h ' + (minutes % 60) + ' min');
  };
  tick();
  setInterval(tick, 6e4);
});

// The printed address gives way to the page's own, so that reload, bookmark and copy are no scans.
const printed = location.pathname;
if (root.dataset.here) history.replaceState(history.state, '', root.dataset.here + location.hash);

// The visit, an id that passes: from the answer's header, else asked for; handed on to our own links and forms.
const carry = () => {
  all('input[name=v]').forEach((input) => (input.value = visit));
  if (visit) all('a[href^="/i/"]').forEach((a) => { const to = new URL(a.href); to.searchParams.set('v', visit); a.href = to.pathname + to.search + to.hash; });
};
const timing = performance.getEntriesByType('navigation')[0]?.serverTiming?.find((one) => one.name === 'v');
visit = timing?.description || visit;
const known = visit || !root.dataset.here ? Promise.resolve() : send('/v', { page: printed + location.search }).then((answer) => { visit = answer.v || ''; }).catch(() => {});
known.then(carry);

// Seen: on the screen for one second. The answer brings the hearts of a shopper who keeps things.
if (root.dataset.here) {
  let timer;
  const look = () => {
    clearTimeout(timer);
    if (document.visibilityState === 'visible') timer = setTimeout(() => known.then(() => send('/v', { v: visit, view: root.dataset.here })).then(show).catch(() => {}), 1000);
  };
  document.addEventListener('visibilitychange', look, { once: true });
  look();
}

// At the till the screen stays awake while the code is open.
if (all('[data-awake]').length && navigator.wakeLock) navigator.wakeLock.request('screen').catch(() => {});
