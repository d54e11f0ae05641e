// What becomes of a call, anew every few seconds while somebody looks. Without this the page comes anew by itself.
const [live] = document.querySelectorAll('[data-live]');
let timer;
const wait = () => {
  clearTimeout(timer);
  if (!document.hidden && /^(asked|taken)/.test(live.dataset.live)) timer = setTimeout(look, 4000);
};
const look = async () => {
  try {
    const answer = await fetch(location);
    const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : '', 'text/html');
    const news = page.querySelector('[data-live]');
    // Only what has changed is said anew, and a place that is being chosen stays.
    if (news && news.dataset.live !== live.dataset.live) {
      live.dataset.live = news.dataset.live;
      live.replaceChildren(...news.childNodes);
      document.title = page.title;
    }
  } catch { /* no connection: what stood there stands, and the next look may have one */ }
  wait();
};
document.addEventListener('visibilitychange', () => { if (document.hidden) clearTimeout(timer); else look(); });
wait();
