/* Large files go in pieces: <form data-arrive="ADDRESS" data-kind="KIND"> announces the file there and sends it piece by piece, so that
   a lost line costs a piece. What is half here ([data-arrived]) is gone on with when the same file is chosen again. Without this script
   the form sends the file in one request. pictures.js sends archives in the same way. */
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const megabytes = (bytes) => `${Math.round(bytes / 1e6).toLocaleString('en')}`;

const leftWords = (seconds) => {
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 50) return ', less than a minute left';
  const minutes = Math.round(seconds / 60);
  return minutes < 2 ? ', about a minute left' : `, about ${minutes} minutes left`;
};

class Refused extends Error {}

class Sending {
  /* tell(words, received) is called as it goes on; received is null where nothing more is known. */
  constructor(file, { address, kind, token, tell }) {
    this.file = file;
    this.announce = address;
    this.kind = kind;
    this.aborter = new AbortController();
    this.token = token;
    this.show = tell;
    this.began = { at: Date.now(), received: 0 };
  }

  tell(words, received = null) {
    this.show(words, received);
  }

  async ask(address, body = undefined, more = {}) {
    const answer = await fetch(address, {
      method: body === undefined ? 'GET' : 'POST',
      body,
      headers: { Accept: 'application/json', 'X-CSRF-Token': this.token, ...more },
      signal: this.aborter.signal,
    });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok || answer.status === 409) return said;
    if (answer.status >= 500 || answer.status === 429) throw new TypeError('the server is away');
    throw new Refused(said.detail ?? 'This was not taken. Load the page again and choose the file once more.');
  }

  /* Again and again until an answer comes: a line that is lost comes back. */
  async patiently(action) {
    for (let tries = 0; ; tries += 1) {
      try { return await action(); } catch (error) {
        if (error instanceof Refused || error.name === 'AbortError') throw error;
        this.tell('No line. It is tried again every few seconds and goes on where it was; keep this page open, or choose the same file again later.');
        await wait(Math.min(1000 * 2 ** tries, 10_000));
      }
    }
  }

  progress(received) {
    const seconds = (Date.now() - this.began.at) / 1000;
    const left = ((this.file.size - received) * seconds) / (received - this.began.received);
    const percent = Math.floor((100 * received) / this.file.size);
    this.tell(`${percent} %, ${megabytes(received)} of ${megabytes(this.file.size)} MB${seconds > 2 ? leftWords(left) : ''}. Keep this page open; closed, it goes on when the same file is chosen again.`, received);
  }

  async run() {
    const named = new FormData();
    const facts = { kind: this.kind, name: this.file.name, size: this.file.size, stamp: this.file.lastModified };
    Object.entries(facts).forEach(([name, value]) => named.set(name, value));
    let state = await this.patiently(() => this.ask(this.announce, named));
    this.address = state.address;
    this.began = { at: Date.now(), received: state.received };
    while (!state.done) {
      const at = state.received;
      if (at === this.file.size) this.tell('All of it is here. It is looked at; this takes a few seconds.', at);
      else this.progress(at);
      const piece = this.file.slice(at, at + state.piece);
      const send = () => this.ask(`${this.address}?offset=${at}`, piece, { 'Content-Type': 'application/octet-stream' });
      /* After a lost line nobody knows how much came: the server says. */
      state = { ...state, ...await this.patiently(() => send().catch((error) => {
        if (error instanceof TypeError) return this.ask(this.address);
        throw error;
      })) };
      if (state.received === at && state.received < this.file.size) await wait(1000);
    }
    return state.done;
  }

  async cancel() {
    this.aborter.abort();
    if (!this.address) return;
    const said = new FormData();
    said.set('csrf', this.token);
    await fetch(`${this.address}/cancel`, { method: 'POST', body: said, headers: { Accept: 'application/json' } }).catch(() => {});
  }
}

const goThere = (address) => {
  const there = new URL(address, location.href);
  if (there.pathname + there.search === location.pathname + location.search) location.reload();
  else location.assign(there);
};

for (const form of document.querySelectorAll('form[data-arrive]')) {
  const box = form.querySelector('[data-arriving]');
  const tell = (file) => (words, received) => {
    box.hidden = false;
    box.querySelector('[data-title]').textContent = file.name;
    box.querySelector('[data-said]').textContent = words;
    if (received !== null) box.querySelector('[data-bar]').value = (100 * received) / file.size;
  };
  const input = form.querySelector('input[type=file]');
  const button = form.querySelector('[data-send]');
  const words = button.textContent;
  let sending = null;

  input.addEventListener('change', () => {
    const file = input.files[0];
    const isSame = (line) => file && line.dataset.name === file.name && Number(line.dataset.size) === file.size && line.dataset.stamp === String(file.lastModified);
    const kept = [...document.querySelectorAll('[data-arrived]')].find(isSame);
    button.textContent = kept ? `Go on with ${file.name}, ${kept.dataset.percent} % is here` : words;
  });

  form.addEventListener('submit', (event) => {
    if (!input.files.length) return;
    event.preventDefault();
    if (sending) return;
    /* A page that looks again by itself leaves alone who has begun something. */
    input.dispatchEvent(new Event('input', { bubbles: true }));
    const file = input.files[0];
    const { arrive: address, kind } = form.dataset;
    sending = new Sending(file, { address, kind, token: form.elements.csrf.value, tell: tell(file) });
    box.classList.remove('over');
    button.disabled = true;
    sending.run().then(goThere).catch((error) => {
      if (error.name === 'AbortError') return;
      box.classList.add('over');
      sending.tell(error instanceof Refused ? error.message : 'This did not work. Load the page again and choose the file once more.');
    }).finally(() => { sending = null; button.disabled = false; });
  });

  form.querySelector('[data-stop]').addEventListener('click', () => {
    if (sending) sending.cancel();
    box.hidden = true;
  });
}
