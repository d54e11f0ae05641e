// Makes a whole page quicker to use; nothing here is needed for it to work, and nothing is kept on the phone unless asked for.
const all = (selector) => [...document.querySelectorAll(selector)];
// `kept`: a worker gave the page as it was kept on the phone, and nobody is told that it was seen.
const { here, kept: isKept } = document.documentElement.dataset;
const { dataset: words } = document.body;
const code = location.pathname.match(/^\/q\/(.*)/i)?.[1] || '';

let hushing;
const say = (text) => {
  const [toast] = all('.toast');
  toast.textContent = text;
  clearTimeout(hushing);
  hushing = setTimeout(() => { toast.textContent = ''; }, 5000);
};
const send = async (address, fields) => {
  const body = new URLSearchParams(fields);
  const answer = await fetch(address, { method: 'POST', body, headers: { Accept: 'application/json' }, keepalive: true });
  const said = await answer.json();
  if (!answer.ok) throw said;
  return said;
};

// Keep: flip at once, send behind, one after the other; where it failed, flip back and say why.
// A button's value is what its next press will do. `held` is what the server said last.
let held = all('[data-keep][aria-pressed=true]').map((button) => button.dataset.keep);
let presses = 0, waiting = 0, sent = Promise.resolve();
// What is told of hearts is out of date where a press was under way when it was asked for, or came since.
const calm = () => (waiting ? NaN : presses);
const mark = (id, isOn) => all('[data-keep]').forEach((button) => {
  if (button.dataset.keep !== id) return;
  button.setAttribute('aria-pressed', isOn);
  button.value = isOn ? 'no' : 'yes';
});
const show = (kept) => {
  held = kept;
  all('[data-keep]').forEach((button) => mark(button.dataset.keep, kept.includes(button.dataset.keep)));
  all('.count').forEach((badge) => { badge.textContent = kept.length || ''; badge.hidden = !kept.length; });
  all('[data-list]').forEach((link) => link.setAttribute('aria-label', link.dataset.list + (kept.length ? `, ${kept.length}` : '')));
};
all('[data-keep]').forEach((button) => { button.onclick = (event) => {
  event.preventDefault();
  const fields = new FormData(button.form);
  fields.set('keep', button.value);
  mark(button.dataset.keep, button.value === 'yes');
  button.classList.add('beat');
  button.onanimationend = () => button.classList.remove('beat');
  presses++;
  waiting++;
  sent = sent.then(() => send(button.formAction, fields))
    .then(({ kept, isLater }) => {
      held = kept;
      if (isLater) say(words.later);
      if (kept.length) hold(kept);
    }, ({ detail }) => say(detail || words.fail))
    .then(() => { if (!--waiting) show(held); });
}; });

// Once something is kept, claimed or wished for, a worker keeps this page and the list on the phone (offline.js).
const [list] = all('[data-list]');
const hold = async (kept) => {
  if (!navigator.serviceWorker) return false;
  const { hold: ask } = await import(words.holder);
  return ask({ page: here || location.pathname + location.search, code, mine: list && list.href, kept });
};
if (navigator.serviceWorker) all('[data-wish]').forEach((button) => {
  button.parentElement.hidden = false;
  button.onclick = () => hold().then((isHeld) => say(isHeld ? button.dataset.wish : button.dataset.fail), () => say(button.dataset.fail));
});
if (!isKept && (all('[data-hold]').length || navigator.serviceWorker?.controller)) addEventListener('load', () => hold().catch(() => {}));

// Scan another item, where the browser can read codes: what that takes comes with the touch.
if (window.BarcodeDetector && navigator.mediaDevices) all('[data-scan]').forEach((button) => {
  button.parentElement.hidden = false;
  button.onclick = () => { import(button.dataset.scan); };
});

// A page the browser had put aside, or a worker on the phone, may show hearts from before.
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted && !isKept) return;
  left();
  const before = calm();
  fetch('/my/kept' + (here && list ? list.search : '')).then((answer) => answer.json())
    .then(({ kept }) => { if (calm() === before) show(kept); }).catch(() => {});
});

// Share: the phone's own sheet where there is one; otherwise the page with the link. A list that is shared already has
// its address at hand; what can be said of a shared list follows the sheet.
if (navigator.share) all('[data-share]').forEach((button) => { button.onclick = async (event) => {
  event.preventDefault();
  const { url, title, follow } = button.dataset;
  let link, isShown = true;
  try {
    link = url ? { url } : await send(button.formAction, new FormData(button.form));
    if (link.url) await navigator.share({ title: title || document.title, url: link.url });
  } catch (error) {
    if (!link) return say(error.detail || words.offline || words.fail);
    isShown = error.name === 'AbortError';
  }
  if (!isShown && url) button.form.requestSubmit(button);
  else if (!isShown || (follow !== undefined && link.page)) location = link.page;
}; });

// Pictures: the later ones come with the first touch; the thumbnail of the one in view is ringed.
all('.reel').forEach((reel) => {
  const open = () => reel.parentElement.classList.add('open');
  ['touchstart', 'pointerdown', 'scroll'].forEach((kind) => reel.addEventListener(kind, open, { once: true, passive: true }));
  const thumbs = all('.thumbs a');
  const ring = (place) => thumbs.forEach((a, at) => (at === place ? a.setAttribute('aria-current', 'true') : a.removeAttribute('aria-current')));
  const pictures = [...reel.children];
  const watch = new IntersectionObserver((seen) => seen.forEach((one) => one.isIntersecting && ring(pictures.indexOf(one.target))), { root: reel, threshold: .6 });
  pictures.forEach((picture) => watch.observe(picture));
  thumbs.forEach((a, place) => { a.onclick = (event) => {
    event.preventDefault();
    open();
    pictures[place].scrollIntoView({ behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth', block: 'nearest', inline: 'center' });
  }; });
});

// An offer that ends within a day says how long is left, once a minute; the server decides what is valid.
const left = () => all('time[data-hours]').forEach((time) => {
  const minutes = Math.floor((new Date(time.dateTime) - Date.now()) / 6e4), { hours, mins } = time.dataset;
  if (minutes > 0 && minutes < 1440) time.textContent = minutes < 60 ? mins.replace('{m}', minutes) : hours.replace('{h}', Math.floor(minutes / 60)).replace('{m}', minutes % 60);
});
left();
setInterval(left, 6e4);

// An answer that is given in its place: thanks where the question was; without a connection, a form as any other.
all('form[data-tap]').forEach((form) => { form.onsubmit = (event) => {
  const { submitter } = event;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, submitter));
  fetch((submitter?.hasAttribute('formaction') ? submitter.formAction : form.action), { method: 'POST', body, headers: { Accept: 'application/json' }, redirect: 'manual' }).then((answer) => {
    if (!answer.ok && answer.type !== 'opaqueredirect') throw answer;
    form.querySelector('div').remove();
    form.querySelector('[role=status]').textContent = form.dataset.tap;
  }).catch(() => {
    form.onsubmit = null;
    form.requestSubmit(submitter);
  });
}; });

// A call goes out once: a second tap before its answer would take the page with the number away.
let isCalling = false;
addEventListener('pageshow', () => { isCalling = false; });
addEventListener('submit', (event) => {
  if (!event.submitter?.formAction.endsWith('/call')) return;
  if (isCalling) event.preventDefault();
  isCalling = true;
});

if (here) {
  // The printed address gives way to the page's own, so that reload, bookmark and copy are no scans.
  let visit = new URLSearchParams(location.search).get('v') || '';
  history.replaceState(history.state, '', here + location.hash);
  // Who is called to this page comes to where the code hangs.
  all('input[name=from]').forEach((input) => { input.value = code; });

  // The visit, an id that passes: from the answer's header, else from that of the view; handed on to forms and links.
  const carry = (id) => {
    visit = id;
    all('input[name=v]').forEach((input) => { input.value = visit; });
    if (visit) all('a[href^="/i/"],a[href^="/look/"],a[href^="/event/"]').forEach((a) => { a.search += (a.search ? '&' : '?') + 'v=' + visit; });
  };
  const timing = performance.getEntriesByType('navigation')[0]?.serverTiming?.find(({ name }) => name === 'v');
  carry(timing?.description || visit);

  // Seen: on the screen for one second; engaged: for ten. The first answer brings the hearts of a shopper who keeps things.
  let timer, isSeen;
  const look = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(isSeen ? stayed : seen, isSeen ? 9000 : 1000);
  };
  const seen = () => {
    isSeen = true;
    look();
    const before = calm();
    send('/v', { v: visit, page: here, code }).then(({ v, kept }) => {
      if (!visit) carry(v);
      if (kept && calm() === before) show(kept);
      if (kept?.length) hold(kept);
    }, () => {});
  };
  const tell = (address, fields) => navigator.sendBeacon?.(address, new URLSearchParams({ page: here, ...fields }));
  const stayed = () => {
    document.removeEventListener('visibilitychange', look);
    tell('/v', { v: visit, s: 10 });
  };
  if (!isKept) {
    document.addEventListener('visibilitychange', look);
    look();
    // Plays, in quarters, each once and without the visit: nobody is told who watched.
    ['play', 'timeupdate', 'ended'].forEach((kind) => document.addEventListener(kind, ({ target }) => {
      // A film or a sound of the page, not the picture of the camera.
      if (!target.controls) return;
      const part = kind === 'ended' ? 100 : 100 * target.currentTime / target.duration || 0;
      for (target.next ??= 0; target.next <= part && target.next <= 100; target.next += 25) tell('/p', { s: target.next });
    }, true));
  }
}
