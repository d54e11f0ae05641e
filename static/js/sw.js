// Keeps on the phone what its owner opened, kept and took, so that it can be read without a signal. Registered by offline.js,
// and only after the first heart, code or wish. The network comes first: a page from here says as of when it is, and is no scan.
const PAGES = 'pages', MINE = 'mine', FILES = 'files';
const MOST = { [PAGES]: 60, [MINE]: 60, [FILES]: 300 };
// How long a page that is here already waits for the network.
const PATIENCE_MS = 3000;
// What waits to be sent, and what the server said last of the hearts; no address of the server's.
const STATE = '/my/waiting';
const LOOSELY = { ignoreSearch: true, ignoreVary: true };
let isForgotten = false;

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));

addEventListener('message', (event) => {
  const { data, ports: [port] } = event;
  event.waitUntil((data.flush ? flush() : hold(data)).then(() => port.postMessage(true), () => port.postMessage(false)));
});

addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  const isGet = request.method === 'GET';
  if (request.mode === 'navigate') {
    if (isGet && isErrand(pathname)) event.respondWith(fetch(request).catch(() => leadToList()));
    else if (isGet && isShoppers(pathname)) event.respondWith(open(event));
    else if (!isGet && pathname === '/my/forget') event.respondWith(forget(request));
  } else if (!isGet && /^\/i\/\w+\/keep$/.test(pathname)) event.respondWith(save(request));
  else if (isGet && pathname === '/my/kept') event.respondWith(tellKept(request));
  else if (isGet && isFile(request, pathname)) event.respondWith(bring(request.url, request));
});

// A form to be told something: kept, its thanks would stand for what nobody sent.
const isErrand = (path) => /^\/i\/\w+\/tell$/.test(path);
// What friends bring is shown to an owner who asks, and not by chance again.
const isShoppers = (path) => path === '/' || (/^\/(q|i|look|event|store|my)(\/|$)/i.test(path) && !/^\/my\/(data|gifts\/)/.test(path) && !isErrand(path));
// What is addressed by its content; films and sound come in ranges and are too large.
const isFile = ({ destination, headers }, path) => /^\/(static|media)\//.test(path) && !headers.has('range') && !/video|audio|track/.test(destination);

// --- pages -----------------------------------------------------------------------------------------------------------

// One page is one address, whichever visit it was opened in and however its code was typed.
const keyOf = (address) => {
  const url = new URL(address, location);
  url.hash = '';
  url.searchParams.delete('v');
  if (!/^\/q\//i.test(url.pathname)) return url.href;
  return `${url.origin}/q/${url.pathname.slice(3).toUpperCase().replace(/[^0-9A-Z]/g, '')}`;
};

const find = async (address) => {
  const key = keyOf(address);
  return await caches.match(key) || (/^\/(i|my)(\/|$)/.test(new URL(key).pathname) ? caches.match(key, LOOSELY) : undefined);
};

const open = async (event) => {
  const { request } = event;
  const kept = await find(request.url);
  const asked = fetch(request).then((answer) => {
    if (answer.ok) event.waitUntil(put(request.url, answer.clone()).then(flush).catch(() => {}));
    // What is there no more is not shown from here either.
    if (answer.status === 404 || answer.status === 410) event.waitUntil(drop(request.url));
    return answer;
  });
  // Where nothing is kept there is nothing better to show than what the network says.
  if (!kept) return asked.catch(() => leadToList());
  const late = new Promise((done) => { setTimeout(done, PATIENCE_MS); });
  const answer = await Promise.race([asked, late]).catch(() => undefined);
  return answer && answer.status < 500 ? answer : mark(kept);
};

const leadToList = async () => {
  const { mine } = await readState();
  return mine && await find(mine) ? Response.redirect(mine) : Response.error();
};

// A page as it came, but for what belonged to that answer alone: its visit, and how it was packed.
const put = async (address, answer) => {
  if (isForgotten || !answer.headers.get('Content-Type')?.startsWith('text/html')) return;
  const html = await answer.text();
  const headers = new Headers(answer.headers);
  ['Server-Timing', 'Content-Encoding', 'Content-Length', 'Vary'].forEach((name) => headers.delete(name));
  headers.set('X-Kept-At', Date.now());
  const here = html.match(/<html[^>]*\sdata-here="([^"]+)"/)?.[1].replaceAll('&amp;', '&');
  const name = new URL(address, location).pathname.startsWith('/my') ? MINE : PAGES;
  // The phone may have been forgotten while the page came.
  if (isForgotten) return;
  const cache = await caches.open(name);
  // How a list is shared stands on this page and on the list: none in another language is kept that says an address from before.
  const shared = new URL(address, location).pathname.match(/^\/my\/shared\/([^/]+)/);
  if (shared) {
    await cache.delete(keyOf(address), LOOSELY);
    const isList = ({ pathname, searchParams }) => pathname === '/my' && [null, shared[1]].includes(searchParams.get('of'));
    for (const key of await cache.keys()) if (isList(new URL(key.url))) await cache.delete(key);
  }
  for (const key of new Set([keyOf(address), keyOf(here || address)])) await cache.put(key, new Response(html, { headers }));
  await trim(cache, MOST[name]);
  return html;
};

const drop = async (address) => {
  if (isForgotten) return;
  for (const name of [PAGES, MINE]) await (await caches.open(name)).delete(keyOf(address));
};

// What was put in longest ago goes first; what waits to be sent stays, and the pages of what is on the list.
const trim = async (cache, most) => {
  const { kept = [] } = await readState();
  const isSpare = ({ url }) => new URL(url).pathname !== STATE && !kept.includes(new URL(url).pathname.match(/^\/i\/(\w+)$/)?.[1]);
  const keys = (await cache.keys()).filter(isSpare);
  await Promise.all(keys.slice(0, Math.max(0, keys.length - most)).map((key) => cache.delete(key)));
};

// A kept page says as of when it is, and what still waits to be sent; its script then counts nothing.
const mark = async (kept) => {
  const html = await kept.text();
  const said = (name) => html.match(new RegExp(`<body[^>]*\\sdata-${name}="([^"]*)"`))?.[1] || '';
  const language = html.match(/<html lang="([^"]+)"/)?.[1];
  const at = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(Number(kept.headers.get('X-Kept-At')));
  const lines = [said('asof').replace('{time}', at)];
  const { waiting } = await readState();
  const titles = await Promise.all(waiting.filter(({ fields }) => new URLSearchParams(fields).get('keep') !== 'no').map(titleOf));
  if (titles.length) lines.push(said('waits').replace('{items}', () => titles.map((title) => `<bdi>${title}</bdi>`).join(', ')));
  const note = `<p class="wrap label" role="status">${lines.join('<br>')}</p>`;
  const marked = html.replace('<html ', '<html data-kept="1" ').replace('<main id="main">', (main) => main + note);
  return new Response(marked, kept);
};

const titleOf = async ({ address }) => {
  const page = await find(address.replace(/\/keep.*/, ''));
  return page ? (await page.text()).match(/<h1[^>]*>(.*?)<\/h1>/s)?.[1].replace(/<[^>]*>/g, '').trim() : '';
};

// --- what is fetched before it is needed: no visit, and said so --------------------------------------------------------

const fetchAhead = async (address) => {
  // What is answered from nowhere here is kept nowhere: a link in a mail is a secret.
  if (!isShoppers(new URL(address, location).pathname)) return;
  const answer = await fetch(address, { headers: { 'X-Purpose': 'prefetch' } });
  if (answer.ok) return put(answer.redirected ? answer.url : address, answer);
};

const hold = async ({ page, code, mine, kept, files }) => {
  await inTurn(async () => {
    const state = await readState();
    // While something waits, the phone knows better than the page.
    await writeState({ ...state, mine: mine || state.mine, kept: kept && !state.waiting.length ? kept : state.kept });
  });
  const [held] = await Promise.all([page && fetchAhead(page), mine && holdList(mine), ...files.map((file) => bring(file).catch(() => {}))]);
  // The page was opened by its printed code, which is where it will be looked for again.
  if (held && code && !isForgotten) await (await caches.open(PAGES)).put(keyOf(`/q/${code}`), await find(page));
};

// The list with the pictures on it, each in the first size that is offered.
const holdList = async (mine) => {
  const html = await fetchAhead(mine) || '';
  const sources = [...html.matchAll(/<source[^>]*srcset="([^" ]+)|<img[^>]* src="([^"]+)/g)].map(([, source, src]) => source || src);
  await Promise.all(sources.filter((src) => src.startsWith('/media/')).map((src) => bring(src).catch(() => {})));
};

const bring = async (address, request) => {
  if (isForgotten) return fetch(request || address);
  const cache = await caches.open(FILES);
  const kept = await cache.match(address, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request || address);
  if (answer.status === 200 && !isForgotten) {
    await cache.put(address, answer.clone()).catch(() => {});
    await trim(cache, MOST[FILES]);
  }
  return answer;
};

// --- hearts ------------------------------------------------------------------------------------------------------------

let chain = Promise.resolve();
const inTurn = (work) => { chain = chain.then(work, work); return chain; };
const json = (value) => new Response(JSON.stringify(value), { headers: { 'Content-Type': 'application/json' } });
const readState = async () => {
  // Asked for by name: opening a cache makes one.
  const kept = await caches.match(STATE, { cacheName: MINE });
  return kept ? kept.json() : { waiting: [] };
};
const writeState = async (state) => { if (!isForgotten) await (await caches.open(MINE)).put(STATE, json(state)); };
const post = ({ address, fields }) => fetch(address, { method: 'POST', body: new URLSearchParams(fields), headers: { Accept: 'application/json' } });

// One heart: sent behind those that wait, or put behind them. The last word on an item is the one that is sent.
const save = async (request) => {
  const press = { id: crypto.randomUUID(), address: request.url, fields: await request.text() };
  return inTurn(async () => {
    try {
      await sendWaiting();
      const answer = await post(press);
      if (answer.ok) await writeState({ ...await readState(), kept: (await answer.clone().json()).kept });
      return answer;
    } catch {
      const state = await readState();
      const item = new URL(press.address).pathname.split('/')[2];
      const others = (state.kept || []).filter((each) => each !== item);
      const kept = new URLSearchParams(press.fields).get('keep') === 'no' ? others : [...others, item];
      const waiting = [...state.waiting.filter(({ address }) => new URL(address).pathname.split('/')[2] !== item), press];
      await writeState({ ...state, kept, waiting });
      return json({ kept, isLater: true });
    }
  });
};

// What the server refuses is let go of; what it cannot answer now waits on, and what waits behind it as well.
const sendWaiting = async () => {
  for (let state = await readState(); state.waiting.length; state = await readState()) {
    const [press, ...waiting] = state.waiting;
    const answer = await post(press);
    if (answer.status >= 500 || answer.status === 429) throw answer;
    await writeState({ ...state, waiting, kept: answer.ok ? (await answer.json()).kept : state.kept });
  }
};

const flush = async () => {
  const { waiting, mine } = await readState();
  if (!waiting.length) return;
  await inTurn(sendWaiting);
  if (mine) await holdList(mine);
};

const tellKept = async (request) => {
  try {
    await flush();
    const answer = await fetch(request);
    if (answer.ok) {
      const { kept } = await answer.clone().json();
      await inTurn(async () => writeState({ ...await readState(), kept }));
    }
    return answer;
  } catch {
    const { kept } = await readState();
    return kept ? json({ kept }) : Response.error();
  }
};

// --- being forgotten -----------------------------------------------------------------------------------------------------

// Behind the hearts that are under way: one that arrived later would have the phone known again.
const forget = (request) => inTurn(async () => {
  const answer = await fetch(request);
  if (answer.type === 'opaqueredirect') {
    isForgotten = true;
    await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
    await registration.unregister();
  }
  return answer;
});
