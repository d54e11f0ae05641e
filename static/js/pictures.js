/* Sending pictures, each with its own line, and the focal point by keyboard. Without it the form sends all at once. */
const sending = {
  form: document.querySelector('form[data-pictures]'),
  lines: document.querySelector('[data-sent]'),
  waiting: [],
  underWay: 0,
  taken: 0,
};
const AT_ONCE = 2;

/* A line: the file's name, how far it is, and what became of it. */
const addLine = (file) => {
  const line = document.createElement('li');
  const name = Object.assign(document.createElement('bdi'), { textContent: file.name });
  const state = Object.assign(document.createElement('span'), { className: 'meta', textContent: 'Queued' });
  line.append(name, state);
  sending.lines.hidden = false;
  sending.lines.append(line);
  return { line, name, state };
};

const showProgress = ({ state }, loaded, total) => {
  const share = total ? Math.floor((loaded / total) * 100) : 0;
  state.textContent = share < 100 ? `Sending, ${share} %` : 'Being looked at';
};

const showEnd = ({ line, name, state }, answer) => {
  state.className = answer.is_in ? 'st live' : 'st refuse';
  state.textContent = answer.is_in ? 'In' : 'Refused';
  if (!answer.is_in || answer.href.includes('/archives/')) {
    line.append(Object.assign(document.createElement('span'), { className: 'why', textContent: answer.said }));
  }
  if (answer.href) {
    const link = Object.assign(document.createElement('a'), { href: answer.href });
    name.replaceWith(link);
    link.append(name);
  }
};

/* One file in one request. XMLHttpRequest, for fetch does not tell how much has gone. */
const sendOne = (file, place) => new Promise((done) => {
  const body = new FormData();
  body.append('csrf', sending.form.elements.csrf.value);
  body.append('files', file, file.name);
  const request = new XMLHttpRequest();
  request.open('POST', sending.form.action);
  request.setRequestHeader('Accept', 'application/json');
  request.responseType = 'json';
  request.upload.addEventListener('progress', (event) => showProgress(place, event.loaded, event.total));
  request.addEventListener('load', () => {
    const said = request.response ?? {};
    const isSignedOut = request.status === 401 || said.type === 'foreign_write';
    const why = isSignedOut ? 'You are signed out. Sign in in a new tab, load this page again and send it.' : said.detail;
    done(typeof said.is_in === 'boolean' ? said : { is_in: false, said: why ?? 'It could not be taken. Send it again.', href: '' });
  });
  request.addEventListener('error', () => done({ is_in: false, said: 'The line broke. Send it again.', href: '' }));
  request.send(body);
});

/* An archive goes in pieces, as films do (arrivals.js); so does a film that was dropped among pictures. */
const kindOf = (file) => {
  if (/^(video|audio)\//.test(file.type)) return 'recording';
  return /\.zip$/i.test(file.name) || file.type.includes('zip') ? 'pictures' : '';
};

const sendInPieces = (file, place) => {
  const tell = (words, received) => {
    if (received !== null) showProgress(place, received, file.size);
    else place.state.textContent = words;
  };
  const how = { address: '/studio/arrivals', kind: kindOf(file), token: sending.form.elements.csrf.value, tell };
  return new Sending(file, how).run()
    .then((href) => ({ is_in: true, said: '', href }))
    .catch((error) => ({ is_in: false, said: error instanceof Refused ? error.message : 'It could not be taken. Send it again.', href: '' }));
};

const renewList = async () => {
  const page = await fetch(location.href, { headers: { Accept: 'text/html' } }).catch(() => null);
  const list = document.querySelector('[data-list]');
  if (!page?.ok || !list) return;
  const fresh = new DOMParser().parseFromString(await page.text(), 'text/html').querySelector('[data-list]');
  if (fresh) list.replaceWith(fresh);
};

/* The list is drawn again for as long as something in it is being made ready. */
const follow = async () => {
  await renewList();
  if (document.querySelector('[data-list] [data-again]') && !sending.underWay) setTimeout(follow, 5_000);
};

const goOn = () => {
  while (sending.underWay < AT_ONCE && sending.waiting.length) {
    const { file, place } = sending.waiting.shift();
    sending.underWay += 1;
    showProgress(place, 0, file.size);
    (kindOf(file) ? sendInPieces : sendOne)(file, place).then((answer) => {
      showEnd(place, answer);
      sending.underWay -= 1;
      goOn();
      if (!sending.underWay && !sending.waiting.length) follow();
    });
  }
};

const enqueue = (files) => {
  /* As typing does, it keeps the page from being loaded again by itself. */
  sending.form.dispatchEvent(new Event('input', { bubbles: true }));
  for (const file of files) sending.waiting.push({ file, place: addLine(file) });
  goOn();
};

if (sending.form && sending.lines) {
  sending.form.addEventListener('change', (event) => {
    if (event.target.type !== 'file' || !event.target.files.length) return;
    enqueue([...event.target.files]);
    event.target.value = '';
  });
  sending.form.addEventListener('submit', (event) => {
    event.preventDefault();
    sending.form.querySelector('input[type=file]').click();
  });

  /* The whole page takes what is dropped; the box of the form has taken its own already. */
  const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
  let inside = 0;
  addEventListener('dragenter', (event) => { if (hasFiles(event)) { inside += 1; document.body.classList.add('over'); } });
  addEventListener('dragleave', (event) => {
    if (!hasFiles(event)) return;
    inside = Math.max(0, inside - 1);
    if (!inside) document.body.classList.remove('over');
  });
  addEventListener('dragover', (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener('drop', (event) => {
    inside = 0;
    document.body.classList.remove('over');
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (!event.target.closest?.('[data-drop]')) enqueue([...event.dataTransfer.files]);
  });

  /* A picture in the clipboard has no name of its own. */
  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    const ending = (file) => file.type.split('/')[1] ?? 'png';
    enqueue(files.map((file) => (file.name && file.name !== 'image.png' ? file : new File([file], `Pasted picture.${ending(file)}`, { type: file.type }))));
  });

  addEventListener('beforeunload', (event) => { if (sending.underWay || sending.waiting.length) event.preventDefault(); });
}

/* The mark on the picture: arrow keys by one per cent, with Shift by ten. */
const STEPS = { ArrowLeft: ['x', -1], ArrowRight: ['x', 1], ArrowUp: ['y', -1], ArrowDown: ['y', 1] };

addEventListener('keydown', (event) => {
  const picture = event.target.closest?.('.focal[tabindex]');
  if (!picture || !STEPS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const [axis, way] = STEPS[event.key];
  const slider = document.querySelector(`[data-focal=${axis}]`);
  slider.value = Number(slider.value) + way * (event.shiftKey ? 10 : 1);
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  const at = (name) => document.querySelector(`[data-focal=${name}]`).value;
  picture.setAttribute('aria-label', `What must stay: ${at('x')} % across, ${at('y')} % down`);
});
