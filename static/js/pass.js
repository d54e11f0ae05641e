/* A code for the till, in its holder's hand: the screen stays awake while a till can read it, and what becomes of it
   shows by itself, every few seconds while somebody looks. Without this the page is whole, as of when it was opened. */
const [pass] = document.querySelectorAll('[data-pass]');
let etag, timer, lock;
const isOpen = () => /^(valid|held)$/.test(pass.dataset.pass);

const wake = async () => {
  if (pass.dataset.pass === 'valid' && !document.hidden) lock = await navigator.wakeLock?.request('screen').catch(() => {});
  if (pass.dataset.pass !== 'valid') lock?.release();
};

// The line that says the state stays, so that it is read out; the rest comes anew, on the phone's own copy as well.
const take = (news) => {
  const [line, ...others] = news.children, hadFocus = pass.contains(document.activeElement);
  pass.dataset.pass = news.dataset.pass;
  pass.firstElementChild.className = line.className;
  pass.firstElementChild.textContent = line.textContent;
  while (pass.children.length > 1) pass.lastElementChild.remove();
  pass.append(...others);
  if (hadFocus) pass.querySelector('a')?.focus();
  wake();
  if (navigator.serviceWorker) import(document.body.dataset.holder).then((holder) => holder.hold({ page: location.pathname + location.search })).catch(() => {});
};

const wait = () => {
  clearTimeout(timer);
  if (!document.hidden && isOpen()) timer = setTimeout(ask, 5000);
};
const ask = async () => {
  try {
    const answer = await fetch(location, { headers: etag ? { 'If-None-Match': etag } : {} });
    // The phone was forgotten: there is nothing here to ask for.
    if (answer.status === 404) return;
    if (answer.ok) {
      etag = answer.headers.get('ETag');
      const news = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-pass]');
      if (news && news.dataset.pass !== pass.dataset.pass) take(news);
    }
  } catch { /* no connection: what stood there stands, and the next look may have one */ }
  wait();
};

wake();
document.addEventListener('visibilitychange', wake);
// What the phone kept says as of when it is, and stays as it is.
if (!document.documentElement.dataset.kept) {
  document.addEventListener('visibilitychange', () => { if (document.hidden) clearTimeout(timer); else if (isOpen()) ask(); });
  wait();
}
